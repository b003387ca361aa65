import { sqlName, sqlText } from "../warehouse.ts";
import { fromPlainText, fromText, isReadDirectly } from "./column-types.ts";
import { TableFault } from "./problems.ts";
import type { SourceTable } from "./source-catalog.ts";

/**
 * How rows lie in a file. `csv` is what this process and DuckDB write: an empty field is null, a quoted one the empty text. `tabbed` is Postgres's text format,
 * which costs the server a fifth less: tabs between the values, other control characters and backslashes behind a backslash. `plain` is the same without
 * anything that is more than its type's usual text, so that DuckDB's reader can make the values itself.
 */
export type RowFormat = "csv" | "tabbed" | "plain";

/** Some of a table's rows in a file. */
export interface Part {
  file: string;
  /** No row is longer than this, in bytes. */
  rowBytes: number;
  format: RowFormat;
}

/** DuckDB takes it from the beginning of a file, also where it is a value's first character: so a file of Postgres's text begins with one, in CSV such a value is quoted. */
export const byteOrderMark = "\uFEFF";
/** Of DuckDB's reader: it reads with several threads what is several buffers long. */
const leastBufferBytes = 4 * 1024 * 1024;
/** What stands for null in Postgres's text: it would write a backspace that belongs to a value as `\b`. */
const nullMark = "\b";

/** Options of `copy … to stdout` for the format `tabbed`. */
export const copyTabbed = `(format text, delimiter e'\\t', null e'\\b')`;

/** Options of DuckDB's `copy … to` for the format `csv`, of rows with a column c0. */
export const copyCsv = `(format csv, header false, delim ',', quote '"', escape '"', nullstr '', force_quote (c0))`;

const backslash = "\\".charCodeAt(0);

/** Whether whole rows in the format `tabbed` are `plain` too: no backslash, no year before Christ and no NaN, whatever columns these may stand in. */
export function isPlain(rows: Buffer): boolean {
  // Blanks are many, so they are looked at where there is a chance.
  const hasEra = rows.includes("BC") && rows.includes(" BC");
  return !hasEra && !rows.includes(backslash) && !rows.includes("NaN");
}

/** Expressions of what a row of a file has: a reader passes over an empty line, so that a row of one value needs a second one. */
export const inFile = (values: readonly string[]): string => (values.length === 1 ? `${values[0]}, true` : values.join(", "));

/** A value of the format `tabbed` as it was: what stands between two escaped backslashes has no backslash but its own escapes'. */
function unescaped(value: string): string {
  const escapes = { b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };
  const between = Object.entries(escapes).reduce((text, [letter, code]) => `replace(${text}, '\\${letter}', chr(${code}))`, "part");
  const whole = `array_to_string(list_transform(string_split(${value}, '\\\\'), lambda part: ${between}), '\\')`;
  return `case when contains(${value}, '\\') then ${whole} else ${value} end`;
}

function readFile({ file, rowBytes, format }: Part, types: readonly string[]): string {
  const inRow = types.length === 1 ? [...types, "VARCHAR"] : types;
  const columns = inRow.map((type, index) => `'c${index}': '${type}'`).join(", ");
  const dialect =
    format === "csv"
      ? `delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false`
      : `delim = '\t', quote = '', escape = '', nullstr = '${nullMark}'`;
  return `read_csv(${sqlText(file)}, columns = {${columns}}, header = false, auto_detect = false, ${dialect}, new_line = '\\n',
    max_line_size = ${Buffer.byteLength(byteOrderMark) + rowBytes + 1}, buffer_size = ${Math.max(2 * rowBytes, leastBufferBytes)})`;
}

/** SQL of the rows of a file, as columns c0, c1, ... of the types given. Texts are those that Postgres or `fromText` know. */
export function readRows(part: Part, types: readonly string[]): string {
  const rows = readFile(part, types);
  if (part.format !== "tabbed") return rows;
  const values = types.map((type, index) => (type === "VARCHAR" ? `${unescaped(`c${index}`)} as c${index}` : `c${index}`));
  return `(select ${values.join(", ")} from ${rows})`;
}

/** SQL that selects the typed rows of a file, by the table's names. */
export function readTyped({ columns }: SourceTable, part: Part): string {
  const isPlainPart = part.format === "plain";
  const isDirect = (type: string): boolean => isPlainPart && isReadDirectly(type);
  const made = isPlainPart ? fromPlainText : fromText;
  const types = columns.map(({ type }) => (isDirect(type) ? type : "VARCHAR"));
  const values = columns.map(({ name, type }, index) => `${isDirect(type) ? `c${index}` : made(type, `c${index}`)} as ${sqlName(name)}`);
  return `select ${values.join(", ")} from ${readRows(part, types)}`;
}

/** Runs `work`, which reads typed rows; when a value does not fit, a `TableFault` says in which column. What DuckDB says of that quotes the row. */
export async function tellingColumn<Result>({ name, columns }: SourceTable, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const place = /Error when converting column "c(\d+)"/.exec((error as Error).message)?.[1];
    const column = columns[Number(place)];
    if (!column) throw error;
    throw new TableFault(name, `table "${name}" could not be copied: a value of its column "${column.name}" does not fit ${column.type}`);
  }
}
