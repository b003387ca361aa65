import type { DuckDBConnection } from "@duckdb/node-api";

const catalog = "kehu_build";

/** Where a build keeps tables on the way, seen by all its connections and by nobody else: a database in memory, spilled like any other query's rows. */
export const workArea = `${catalog}.main`;

/** Makes it, or makes it anew without what the build before left. */
export async function emptyWorkArea(connection: DuckDBConnection): Promise<void> {
  await connection.run(`detach database if exists ${catalog}; attach ':memory:' as ${catalog}`);
}
