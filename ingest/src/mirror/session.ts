import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { formatLsn, parseLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";
import { inTransaction, readSource, readState, readTables, reshapeTable, writeSource, writeState } from "./mirror-store.ts";
import type { MirrorSource, MirrorState, StoredTable } from "./mirror-store.ts";
import { connectSource, createSlot } from "./replication-connection.ts";
import { missingKeys, readPublishedTables } from "./source-catalog.ts";
import type { SourceTable } from "./source-catalog.ts";
import { downloadTable, loadDownload } from "./table-copy.ts";
import type { CopyMoment } from "./table-copy.ts";

/** What a mirror mirrors. */
export interface MirrorTarget {
  sourceUrl: string;
  schema: string;
  publication: string;
  slot: string;
}

/** The least of a logger; pino's fits. */
export interface MirrorLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** The source as one moment shows it: a transaction on `client` that reads nothing newer than `moment`. */
export interface SourceMoment {
  moment: CopyMoment;
  client: Client;
  /** Ends the transaction and, where it was temporary, drops the slot. */
  close(): Promise<void>;
}

/** Makes a slot and opens the moment of its first position. Waits for the transactions that are running in the source. */
export async function openMoment(sourceUrl: string, slot: { name: string; temporary: boolean }): Promise<SourceMoment> {
  const replication = await connectSource(sourceUrl, { replication: true });
  let client: Client | undefined;
  try {
    client = await connectSource(sourceUrl);
    // Taken before the snapshot: what is said to be fresh to this time must be in it.
    const before = await client.query<{ at: Date }>("select clock_timestamp() as at");
    const exported = await createSlot(replication, slot.name, slot);
    await client.query("begin isolation level repeatable read read only");
    await client.query(`set transaction snapshot '${exported.snapshot}'`);
    const opened = client;
    return {
      moment: { lsn: exported.lsn, at: before.rows[0]!.at.toISOString() },
      client: opened,
      close: async () => {
        await opened.end();
        await replication.end();
      },
    };
  } catch (error) {
    await client?.end();
    await replication.end();
    throw error;
  }
}

/** Which database of which server this is: a restored or rebuilt server has another id. */
export async function identifySystem(sourceUrl: string): Promise<{ systemId: string; database: string }> {
  const replication = await connectSource(sourceUrl, { replication: true });
  try {
    const { rows } = await replication.query<{ systemid: string; dbname: string }>("IDENTIFY_SYSTEM");
    return { systemId: rows[0]!.systemid, database: rows[0]!.dbname };
  } finally {
    await replication.end();
  }
}

interface SlotRow {
  confirmed: string | null;
  status: string | null;
  pid: number | null;
  plugin: string;
  database: string;
}

async function readSlot(client: Client, slot: string): Promise<SlotRow | null> {
  const { rows } = await client.query<SlotRow>(
    `select confirmed_flush_lsn::text as confirmed, wal_status as status, active_pid as pid, plugin, database
     from pg_replication_slots where slot_name = $1`,
    [slot],
  );
  return rows[0] ?? null;
}

const dropTimeoutMs = 30_000;

/** Drops a slot once a receiver that was killed a moment ago has let go of it. */
async function dropSlot(client: Client, slot: string): Promise<void> {
  const deadline = performance.now() + dropTimeoutMs;
  while ((await readSlot(client, slot))?.pid && performance.now() < deadline) await delay(100);
  await client.query("select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1", [slot]);
}

/** Says why the mirrored rows can't be continued from the slot, or null when they can. */
function gap(state: MirrorState | null, known: MirrorSource | null, now: MirrorSource, slot: SlotRow | null): string | null {
  if (!state || !known) return "nothing has been copied yet";
  if (known.systemId !== now.systemId || known.database !== now.database) return "the source is another database system";
  if (known.schema !== now.schema || known.publication !== now.publication) return "the mirror was of another schema or publication";
  if (!slot || known.slot !== now.slot) return "the replication slot is gone";
  if (slot.status === "lost") return "the server has dropped log that the replication slot needs";
  if (slot.confirmed !== null && parseLsn(slot.confirmed) > parseLsn(state.lsn)) return "the replication slot is ahead of the mirror";
  return null;
}

/** The catalog's tables compared with the mirror's; reshapes what differs and marks what must be copied. Returns tables that have no key. */
export async function adoptTables(
  connection: DuckDBConnection,
  tables: Map<string, StoredTable>,
  published: readonly SourceTable[],
): Promise<SourceTable[]> {
  for (const table of published) {
    if (table.key.length === 0) continue;
    const known = tables.get(table.name);
    if (known && JSON.stringify(known.table) === JSON.stringify(table)) continue;
    const types = new Map(known?.table.columns.map(({ name, type }) => [name, type]));
    const rereads =
      !known || known.needsCopy || known.table.oid !== table.oid || table.columns.some(({ name, type }) => types.get(name) !== type);
    const stored = { table, needsCopy: rereads, copied: known?.copied ?? false };
    await reshapeTable(connection, stored);
    tables.set(table.name, stored);
  }
  return published.filter(({ key }) => key.length === 0);
}

/** Replaces the mirror's rows by those of a new slot's first moment. On an empty mirror this is the first copy. */
async function copyEverything(
  target: MirrorTarget,
  store: { connection: DuckDBConnection; dir: string },
  tables: Map<string, StoredTable>,
  now: MirrorSource,
): Promise<Lsn> {
  const { connection } = store;
  const opened = await openMoment(target.sourceUrl, { name: target.slot, temporary: false });
  try {
    const published = await readPublishedTables(opened.client, target.publication, target.schema);
    const keyless = await adoptTables(connection, tables, published);
    if (keyless.length > 0) throw new Error(missingKeys(target.schema, keyless));
    await inTransaction(connection, async () => {
      for (const { name } of published) {
        const stored = tables.get(name)!;
        const file = await downloadTable(opened.client, target.schema, stored.table, store.dir);
        await loadDownload(connection, stored, file, opened.moment);
        await rm(file, { force: true });
      }
      await writeState(connection, { lsn: formatLsn(opened.moment.lsn), at: opened.moment.at });
      await writeSource(connection, now);
    });
    for (const { name } of published) tables.set(name, { ...tables.get(name)!, needsCopy: false, copied: true });
    return opened.moment.lsn;
  } finally {
    await opened.close();
  }
}

export interface Prepared {
  tables: Map<string, StoredTable>;
  state: MirrorState;
  /** Tables copied on the way here; empty when the stream goes on where it stopped. */
  copied: string[];
}

/**
 * Brings the mirror to a state from which the slot's stream continues without a gap: reads what is stored, and copies everything again when the source, the
 * slot or its log is not the one that the stored rows came from.
 */
export async function prepareMirror(
  target: MirrorTarget,
  store: { connection: DuckDBConnection; dir: string },
  client: Client,
  logger: MirrorLogger,
): Promise<Prepared> {
  const { connection } = store;
  const { systemId, database } = await identifySystem(target.sourceUrl);
  const now: MirrorSource = { systemId, database, schema: target.schema, slot: target.slot, publication: target.publication };
  const tables = await readTables(connection);
  const slot = await readSlot(client, target.slot);
  if (slot && slot.database !== database) {
    throw new Error(
      `the replication slot "${target.slot}" belongs to the database "${slot.database}"; give this mirror a slot of another name`,
    );
  }
  const reason = gap(await readState(connection), await readSource(connection), now, slot);
  if (reason === null) {
    return { tables, state: (await readState(connection))!, copied: [] };
  }
  logger.info({ reason, slot: target.slot, schema: target.schema }, "copying the source");
  const started = performance.now();
  if (slot) await dropSlot(client, target.slot);
  await copyEverything(target, store, tables, now);
  const copied = [...tables.keys()];
  logger.info({ tables: copied.length, seconds: Math.round((performance.now() - started) / 100) / 10 }, "source copied");
  return { tables, state: (await readState(connection))!, copied };
}
