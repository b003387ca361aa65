import { type ClientBase, type Pool, type QueryResultRow, types } from "pg";
import { canonicalInstant } from "../validation/instant.ts";

export type Queryable = Pick<ClientBase, "query"> | Pick<Pool, "query">;

const { builtins, getTypeParser } = types;

/** Values as the API shows them: instants in RFC 3339 UTC with microseconds (never through Date), dates and decimals as text, counts as numbers. */
const parsers = {
  getTypeParser: (oid: number, format?: "text" | "binary") => {
    switch (oid) {
      case builtins.TIMESTAMPTZ:
        return (text: string): string => canonicalInstant(text) ?? text;
      case builtins.DATE:
      case builtins.NUMERIC:
        return (text: string): string => text;
      case builtins.INT8:
        return Number;
      default:
        return getTypeParser(oid, format as "text");
    }
  },
};

/** Runs one statement. With `name` Postgres keeps its plan on the connection: for statements whose text is the same every time. */
export const query = async <Result extends QueryResultRow>(
  client: Queryable,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<Result[]> => {
  const result = await client.query<Result>({ text, values: [...values], types: parsers, ...(name && { name }) });
  return result.rows;
};

/** Collects the values of a statement and gives each its placeholder. */
export interface Params {
  values: unknown[];
  /** Adds a value; gives `$n`. */
  add(value: unknown): string;
}

export const createParams = (): Params => {
  const values: unknown[] = [];
  return { values, add: (value) => `$${values.push(value)}` };
};

/** A column or table name out of an entity definition, quoted: `position` and `level` are words of SQL's own. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const tableOf = (entity: { table: string }): string => `crm.${quoted(entity.table)}`;
