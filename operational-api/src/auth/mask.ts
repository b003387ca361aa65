import type { Column } from "../entities/definition.ts";

export type MaskKind = "phone" | "email" | "text";

/** How a text column is masked. Other types can't be: a masked amount or day would be a wrong one. */
export const maskOf = (name: string, column: Pick<Column, "type">): MaskKind | null => {
  if (column.type !== "text") return null;
  if (/mobile|phone|fax/.test(name)) return "phone";
  return name.includes("email") ? "email" : "text";
};

/**
 * The masked text of a column as SQL that Postgres and DuckDB both read: 138****5678, z***@example.com, 王***. Null stays null.
 * Filters, sorts and searches compare this text, so they tell nothing that it does not tell.
 */
export const maskedSql = (kind: MaskKind, column: string): string => {
  switch (kind) {
    case "phone":
      return `case when length(${column}) >= 11 then left(${column}, 3) || '****' || right(${column}, 4) when ${column} is not null then '****' end`;
    case "email":
      return `case when position('@' in ${column}) > 1 then left(${column}, 1) || '***' || substr(${column}, position('@' in ${column})) when ${column} is not null then '***' end`;
    case "text":
      return `case when length(${column}) > 1 then left(${column}, 1) || '***' when ${column} is not null then '***' end`;
  }
};
