import type { DuckDBConnection } from "@duckdb/node-api";

const catalog = "kehu_build";

/** Where a build keeps tables on the way, seen by all its connections and by nobody else: a database in memory, spilled like any other query's rows. */
export const workArea = `${catalog}.main`;

/** Makes it where it is not there. What a failed build left is replaced by the next one. */
export async function openWorkArea(connection: DuckDBConnection): Promise<void> {
  await connection.run(`attach if not exists ':memory:' as ${catalog}`);
}

/** Between two builds. */
export async function closeWorkArea(connection: DuckDBConnection): Promise<void> {
  await connection.run(`detach database if exists ${catalog}`);
}
