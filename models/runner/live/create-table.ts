import type { DuckDBConnection } from "@duckdb/node-api";
import { NodeError } from "../errors.ts";
import { makeTable } from "./keyed-sql.ts";

/** Makes a table of a query's rows and tells how many there are; DuckDB knows without counting. An error carries the SQL. */
export async function createTable(connection: DuckDBConnection, table: string, query: string): Promise<number> {
  const sql = `${makeTable(table)} as ${query}`;
  try {
    const made = await connection.run(sql);
    return Number((await made.getRowsJS())[0]?.[0]);
  } catch (cause) {
    throw new NodeError(cause instanceof Error ? cause.message : String(cause), sql, cause);
  }
}
