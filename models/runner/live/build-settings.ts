import type { DuckDBConnection } from "@duckdb/node-api";
import { literal } from "../statements.ts";

/**
 * How DuckDB writes during a build. Publishing checkpoints once: DuckDB's own way of doing it in the middle of a build would write the same tables again and
 * again; whole tables go into the file at once and don't count towards the log. Nothing reads a table by the place of its rows, and keeping them in order
 * makes its threads wait for each other.
 */
const writing = {
  wal_autocheckpoint: "1GB",
  preserve_insertion_order: "false",
} as const;

/**
 * Runs `work` with DuckDB's settings for a build and gives those back that were there before, as the mirror has settings of its own. The threads are the
 * `usual` ones then, and not those found: whoever copies does with fewer for its time too.
 */
export async function withBuildSettings<Result>(connection: DuckDBConnection, usual: number, work: () => Promise<Result>): Promise<Result> {
  const before = { ...(await settingsNow(connection)), threads: String(usual) };
  await setAll(connection, writing);
  try {
    return await work();
  } finally {
    await setAll(connection, before);
  }
}

/** What others of this process have set: the mirror gives the log more room than DuckDB does. */
async function settingsNow(connection: DuckDBConnection): Promise<Record<string, string>> {
  const names = Object.keys(writing);
  const result = await connection.run(`select ${names.map((name) => `current_setting('${name}')::varchar`).join(", ")}`);
  const [values = []] = await result.getRowsJS();
  return Object.fromEntries(names.map((name, index) => [name, String(values[index])]));
}

async function setAll(connection: DuckDBConnection, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [setting, value] of Object.entries(values)) await connection.run(`set global ${setting} = ${literal(value)}`);
}

/**
 * A build of parts has its connections work side by side, each a thread of its own beside DuckDB's. With more threads than there are processors those
 * without work wait actively and take what the others need: a quarter of all processor time after 1,000 changes.
 */
export async function leaveThreads(
  connection: DuckDBConnection,
  { threads, connections }: { threads: number; connections: readonly DuckDBConnection[] },
): Promise<void> {
  await setAll(connection, { threads: String(Math.max(1, threads - connections.length + 1)) });
}
