import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteIdentifier } from "../relation.ts";

const catalog = "kehu_build";

/** Where a build keeps tables on the way, seen by all its connections and by nobody else: a database in memory, spilled like any other query's rows. */
export const workArea = `${catalog}.main`;

/** Makes it, or empties it of what the build before left. */
export async function emptyWorkArea(connection: DuckDBConnection): Promise<void> {
  await connection.run(`attach if not exists ':memory:' as ${catalog}`);
  const tables = await connection.run(`select table_name from duckdb_tables() where database_name = '${catalog}'`);
  for (const [name] of await tables.getRowsJS()) await connection.run(`drop table ${workArea}.${quoteIdentifier(String(name))}`);
}
