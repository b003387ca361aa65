import type { DuckDBConnection } from "@duckdb/node-api";

/**
 * How long DuckDB's log of a file may become before it is written into the file by itself. Each time the last, unfilled blocks of every table are written
 * anew, which at DuckDB's own 16 MiB costs as much as all the rest of applying changes; at this it is a few hundredths, and a start after a kill reads no more.
 */
const room = "256MiB";
const usual = "16.0 MiB";

/** Gives the log its room, unless somebody has given it another one: a build does so for its time. */
export async function keepLogRoom(connection: DuckDBConnection): Promise<void> {
  const found = await connection.runAndReadAll("select current_setting('wal_autocheckpoint')");
  if (found.getRows()[0]?.[0] === usual) await connection.run(`set global wal_autocheckpoint = '${room}'`);
}
