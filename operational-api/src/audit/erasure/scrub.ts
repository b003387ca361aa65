import { setTimeout as delay } from "node:timers/promises";
import { type Client, escapeIdentifier } from "pg";

const logWaitMs = 60_000;

/** Pages of a table keep what was updated until they are written anew; statistics keep the commonest values. */
const rewritten = (place: string): string => place.split(".").slice(0, 2).map(escapeIdentifier).join(".");

/**
 * Makes the server's files forget what was erased from these places (`schema.table` or `schema.table.column`): tables written anew (each locked meanwhile),
 * statistics made anew, and no log segment kept from before. `client` is a superuser's, outside of a transaction. Returns whether the log is new:
 * a replication slot that stands still keeps it, and then a later call finds it gone.
 */
export async function scrubFiles(client: Client, places: readonly string[]): Promise<boolean> {
  for (const table of new Set(places.map(rewritten))) await client.query(`vacuum (full, analyze) ${table}`);
  await client.query("vacuum full pg_catalog.pg_statistic");
  return dropEarlierLog(client);
}

async function dropEarlierLog(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ segment: string }>("select pg_walfile_name(pg_switch_wal()) as segment");
  const last = rows[0]?.segment ?? "";
  const deadline = performance.now() + logWaitMs;
  for (;;) {
    // The log begins at the checkpoint before the last; the message lets a quiet slot move on.
    await client.query("select pg_logical_emit_message(true, 'kehu.erasure', '')");
    await client.query("checkpoint");
    const kept = await client.query("select from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$' and name <= $1", [last]);
    if (kept.rowCount === 0) return true;
    if (performance.now() > deadline) return false;
    await delay(500);
  }
}
