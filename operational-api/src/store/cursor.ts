import { type Fault, Problem } from "../problem.ts";

/** Where a page ended: the sort it belongs to, the last row's value in that column, and its id. Opaque to callers. */
export interface Cursor {
  sort: string;
  value: string | null;
  id: string;
}

export const writeCursor = (cursor: Cursor): string =>
  Buffer.from(JSON.stringify([cursor.sort, cursor.value, cursor.id])).toString("base64url");

const wrong = (reason: string): Problem => {
  const errors: Fault[] = [{ field: "cursor", reason }];
  return new Problem(400, `cursor: ${reason}`, { errors });
};

/** Throws Problem 400 for a text that is no cursor, or the cursor of a list with another sort. */
export const readCursor = (text: string, sort: string): Cursor => {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch (cause) {
    throw new Problem(400, "cursor: is none that a list gave as next_cursor", {
      errors: [{ field: "cursor", reason: "is not readable" }],
      cause,
    });
  }
  if (!Array.isArray(parts) || parts.length !== 3) throw wrong("is none that a list gave as next_cursor");
  const [given, value, id] = parts as unknown[];
  const isText = (part: unknown): part is string => typeof part === "string";
  if (!isText(given) || !isText(id) || !(value === null || isText(value))) throw wrong("is none that a list gave as next_cursor");
  if (!/^[0-9a-f-]{36}$/.test(id)) throw wrong("is none that a list gave as next_cursor");
  if (given !== sort) throw wrong(`belongs to a list sorted by "${given}"; start again without cursor`);
  return { sort: given, value, id };
};
