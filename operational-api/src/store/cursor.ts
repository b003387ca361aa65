import type { ColumnType } from "../entities/definition.ts";
import { type Fault, Problem } from "../problem.ts";
import { canonicalInstant } from "../validation/instant.ts";

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

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && canonicalInstant(`${text}T00:00:00Z`) !== null;

/** Whether Postgres can read the value as one of the column: a cursor comes back from outside, and may have been written there. */
const fits = (value: string, type: ColumnType): boolean => {
  switch (type) {
    case "uuid":
      return uuid.test(value);
    case "integer":
      return /^-?\d{1,10}$/.test(value) && Math.abs(Number(value)) <= 2_147_483_647;
    case "boolean":
      return value === "true" || value === "false";
    case "date":
      return isDate(value);
    case "instant":
      return canonicalInstant(value) !== null;
    case "money":
    case "quantity":
    case "rate":
      return /^-?\d{1,18}(\.\d{1,8})?$/.test(value);
    case "text":
    case "enum":
    case "currency":
      return value.isWellFormed() && !value.includes("\0");
  }
};

/** Throws Problem 400 for a text that is no cursor, or the cursor of a list with another sort. `type` is that of the column sorted by. */
export const readCursor = (text: string, sort: string, type: ColumnType): Cursor => {
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
  if (!uuid.test(id)) throw wrong("is none that a list gave as next_cursor");
  if (given !== sort) throw wrong(`belongs to a list sorted by "${given}"; start again without cursor`);
  if (value !== null && !fits(value, type)) throw wrong("is none that a list gave as next_cursor");
  return { sort: given, value, id };
};
