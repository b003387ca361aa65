import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { checkpoint } from "./checkpoint.ts";
import { inTransaction } from "./mirror/mirror-store.ts";
import { sqlName, sqlText } from "./warehouse.ts";
import type { Warehouse } from "./warehouse.ts";

/** What of the warehouse can't be made again from Postgres: the change log with the mirror it belongs to, and what the statistical fits wrote. */
export const keptAside = { mirror: "mirror.duckdb", fits: "fits.duckdb" } as const;

const fitsSchema = "fits";

/** Copies the catalog `mirror` and the schema of fits, each as one transaction shows it, into new files of `dir`, which exists, while both are written to. */
export async function keepAside(warehouse: Pick<Warehouse, "connect">, dir: string): Promise<void> {
  const connection = await warehouse.connect();
  try {
    await copyInto(connection, join(dir, keptAside.mirror), (to) => [`copy from database mirror to ${to}`]);
    const found = await connection.runAndReadAll(
      "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = $1",
      [fitsSchema],
    );
    const tables = found.getRows().map(([name]) => sqlName(String(name)));
    await copyInto(connection, join(dir, keptAside.fits), (to) => [
      `create schema ${to}.${fitsSchema}`,
      ...tables.map((table) => `create table ${to}.${fitsSchema}.${table} as from warehouse.${fitsSchema}.${table}`),
    ]);
  } finally {
    connection.closeSync();
  }
}

async function copyInto(connection: DuckDBConnection, file: string, statements: (to: string) => string[]): Promise<void> {
  const unfinished = `${file}.tmp`;
  await rm(unfinished, { force: true });
  const to = "kept_aside";
  await connection.run(`attach ${sqlText(unfinished)} as ${to}`);
  try {
    await inTransaction(connection, async () => {
      for (const sql of statements(to)) await connection.run(sql);
    });
    await checkpoint(connection, to);
  } finally {
    await connection.run(`detach ${to}`);
  }
  // DuckDB may hold on to a detached file while other connections work, and write to it once more when it lets go.
  await copyFile(unfinished, file);
  for (const left of [unfinished, `${unfinished}.wal`]) await rm(left, { force: true });
}
