/** What DuckDB says when a statement fails, as a refusal with place and names. */
import { positionOf, SqlRefusal } from "./refusal.ts";

interface EngineError {
  exception_type: string;
  exception_message: string;
  position?: string;
  candidates?: string;
  error_subtype?: string;
  /** Of a column that was not found, but not in each way of naming one. */
  name?: string;
}

/** `errors_as_json` is on in a private database; a parser's error has its kind in front. */
const read = (message: string): EngineError | undefined => {
  const start = message.indexOf("{");
  if (start < 0) return undefined;
  try {
    return JSON.parse(message.slice(start)) as EngineError;
  } catch {
    return undefined; // not one of the errors that are written as JSON
  }
};

/** Kinds of error that are the statement's, not ours. */
const theirs = new Set([
  "Parser",
  "Binder",
  "Catalog",
  "Conversion",
  "Invalid Input",
  "Out of Range",
  "Mismatch Type",
  "Syntax",
  "Not implemented",
  "Invalid type",
  "Constraint",
  "Expression",
  "Divide by Zero",
  "Sequence",
]);

/** The overloads of a function are dozens; the first lines say what is wrong. */
const firstLines = (text: string): string => text.split("\n\tCandidate functions:")[0]!.split("\n").slice(0, 3).join(" ").trim();

/** How DuckDB says that a column is not there: in lists, after a table's name, in USING, EXCLUDE and REPLACE, UNPIVOT, HAVING, QUALIFY, and as a field of a row. */
const unknownColumns = [
  /does not have a column named "([^"]+)"/,
  /^Column "([^"]+)" (?:does not exist|in \w+ list not found|was selected but|referenced in UNPIVOT)/,
  /^column (\S+) must appear in the GROUP BY clause/,
  /^Referenced column "?([^" ]+)"? (?:was )?not found/,
  /^Could not find key "([^"]+)" in struct/,
  /^Referenced table "([^"]+)" not found/,
];

const unknownColumnOf = (kind: string, text: string, name?: string): string | undefined => {
  if (kind !== "Binder") return undefined;
  const found = name ?? unknownColumns.map((pattern) => pattern.exec(text)?.[1]).find((each) => each !== undefined);
  // `dim_contacts.mobile` in an EXCLUDE list.
  return found?.slice(found.lastIndexOf(".") + 1).replaceAll('"', "");
};

/** The refusal for a failure while a statement was prepared or run; undefined when the failure is ours. `ahead`: bytes that we put before the statement. */
export const refusalOfFailure = (failure: unknown, sql: string, memoryMiB: number, ahead = 0): SqlRefusal | undefined => {
  if (failure instanceof SqlRefusal) return failure;
  const { message } = failure as Error;
  const error = read(message);
  const kind = error?.exception_type ?? /^([A-Z][A-Za-z ]+?) Error:/.exec(message)?.[1] ?? "";
  if (kind === "Out of Memory" || /out of memory|max_temp_directory_size/i.test(message))
    return new SqlRefusal(
      {
        status: 422,
        message: `The statement needs more memory than the ${memoryMiB} MB it may take. Name only the columns you need, filter before joining, group before sorting, or ask for fewer rows`,
      },
      { cause: failure },
    );
  if (kind === "Permission" || kind === "IO")
    return new SqlRefusal(
      { status: 403, message: "The statement reaches outside of its tables; files, settings and the network are closed" },
      { cause: failure },
    );
  if (!theirs.has(kind) && !/bind/i.test(message)) return undefined;
  const text = firstLines(error?.exception_message ?? message.replace(/^[A-Za-z ]+ Error: /, ""));
  const position = error?.position === undefined ? undefined : positionOf(sql, Number(error.position) - ahead);
  const unknownColumn = unknownColumnOf(kind, text, error?.error_subtype === "COLUMN_NOT_FOUND" ? error.name : undefined);
  const names = error?.error_subtype === "NO_MATCHING_FUNCTION" ? [] : (error?.candidates?.split(",").filter(Boolean) ?? []);
  return new SqlRefusal(
    {
      status: 422,
      message: text,
      ...(position ? { position } : {}),
      ...(names.length ? { suggestions: names.slice(0, 5) } : {}),
      ...(unknownColumn === undefined ? {} : { unknownColumn }),
    },
    { cause: failure },
  );
};
