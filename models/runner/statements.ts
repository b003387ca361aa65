import type { DuckDBConnection } from "@duckdb/node-api";
import { NodeError } from "./errors.ts";

/** Connections that write a comment on each statement, with the connection below. */
const commenting = new WeakMap<DuckDBConnection, { below: DuckDBConnection; comment: (sql: string) => string }>();

/** The same connection, but that every statement goes through `comment`. */
export function commentOnStatements(connection: DuckDBConnection, comment: (sql: string) => string): DuckDBConnection {
  const run: DuckDBConnection["run"] = (sql, values, types) => connection.run(comment(sql), values, types);
  const commented = Object.create(connection, { run: { value: run } }) as DuckDBConnection;
  commenting.set(commented, { below: connection, comment });
  return commented;
}

/** Runs all statements in one round trip; an error carries the SQL. */
export async function runStatements(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  const { below, comment } = commenting.get(connection) ?? { below: connection, comment: (sql: string): string => sql };
  const sql = statements.map(comment).join(";\n");
  try {
    await below.run(sql);
  } catch (cause) {
    throw new NodeError(cause instanceof Error ? cause.message : String(cause), sql, cause);
  }
}

/** The same as one transaction: all of it or nothing. */
export async function runAtomically(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  await connection.run("begin");
  try {
    await runStatements(connection, statements);
    await connection.run("commit");
  } catch (error) {
    await connection.run("rollback").catch(() => undefined); // a failed commit has rolled back already
    throw error;
  }
}

export interface ColumnType {
  name: string;
  /** DuckDB's spelling: `DECIMAL(18,2)`. */
  type: string;
}

/** The columns of a query or of `select * from` a relation, in their order. */
export async function columnsOfQuery(connection: DuckDBConnection, query: string): Promise<ColumnType[]> {
  const sql = `describe ${query}`;
  const result = await connection.run(sql).catch((cause: unknown) => {
    throw new NodeError(cause instanceof Error ? cause.message : String(cause), sql, cause);
  });
  return (await result.getRowsJS()).map((row) => ({ name: String(row[0]), type: String(row[1]) }));
}

export const trimSemicolon = (sql: string): string => sql.replace(/;\s*$/, "");

/** A text as SQL writes it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
