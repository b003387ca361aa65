import { setTimeout as delay } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { formatLsn, parseLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";
import { startCopyMeter } from "./copy-meter.ts";
import type { CopyProgress } from "./copy-meter.ts";
import { copySideBySide } from "./copy-side-by-side.ts";
import type { CopyOptions } from "./copy-side-by-side.ts";
import { withCopyThreads } from "./copy-threads.ts";
import type { Faults } from "./faults.ts";
import {
  inTransaction,
  readSource,
  readState,
  readTables,
  removeTable,
  reshapeTable,
  suspendTable,
  writeSource,
  writeState,
} from "./mirror-store.ts";
import type { MirrorSource, MirrorState, StoredTable } from "./mirror-store.ts";
import { TableFault } from "./problems.ts";
import { publishTables } from "./publication.ts";
import type { Publication } from "./publication.ts";
import { connectSource, createSlot } from "./replication-connection.ts";
import { readSourceTables } from "./source-catalog.ts";
import type { SourceTable, SourceTables } from "./source-catalog.ts";
import type { CopyMoment } from "./table-copy.ts";
import { downloadTable } from "./table-download.ts";
import type { Download } from "./table-download.ts";

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
  /** Another connection with a transaction of the same moment, for its caller to end. */
  join(): Promise<Client>;
  /** Ends the transaction and, where it was temporary, drops the slot. */
  close(): Promise<void>;
}

/**
 * Makes a slot and opens the moment of its first position. Waits for the transactions that are running in the source; with `patienceMs` only so long for
 * each, then it throws an error of which `isImpatient` is true.
 */
export async function openMoment(sourceUrl: string, slot: { name: string; temporary: boolean }, patienceMs = 0): Promise<SourceMoment> {
  const replication = await connectSource(sourceUrl, { replication: true, lockTimeoutMs: patienceMs });
  let client: Client | undefined;
  const adopt = async (reader: Client, snapshot: string): Promise<void> => {
    await reader.query("begin isolation level repeatable read read only");
    await reader.query(`set transaction snapshot '${snapshot}'`);
  };
  try {
    client = await connectSource(sourceUrl, { lockTimeoutMs: patienceMs });
    // Taken before the snapshot: what is said to be fresh to this time must be in it.
    const before = await client.query<{ at: Date }>("select clock_timestamp() as at");
    const exported = await createSlot(replication, slot.name, slot);
    await adopt(client, exported.snapshot);
    const opened = client;
    return {
      moment: { lsn: exported.lsn, at: before.rows[0]!.at.toISOString() },
      client: opened,
      // The connection that made the slot does nothing more, so its snapshot lives on.
      async join() {
        const reader = await connectSource(sourceUrl, { lockTimeoutMs: patienceMs });
        try {
          await adopt(reader, exported.snapshot);
          return reader;
        } catch (error) {
          await reader.end();
          throw error;
        }
      },
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

/** Whether an error says that the source's locks were not to be had in time. */
export const isImpatient = (error: unknown): boolean => (error as { code?: string }).code === "55P03"; // lock_not_available

/** Which database of which server this is: a rebuilt server has another id, one restored or promoted another timeline. */
export async function identifySystem(sourceUrl: string): Promise<{ systemId: string; database: string; timeline: number }> {
  const replication = await connectSource(sourceUrl, { replication: true });
  try {
    const { rows } = await replication.query<{ systemid: string; dbname: string; timeline: number }>("IDENTIFY_SYSTEM");
    return { systemId: rows[0]!.systemid, database: rows[0]!.dbname, timeline: Number(rows[0]!.timeline) };
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

/** Says why the mirrored rows can't be continued from the slot, or null when they can. `end`: of the source's log. */
function gap(state: MirrorState | null, known: MirrorSource | null, now: MirrorSource, slot: SlotRow | null, end: Lsn): string | null {
  if (!state) return "nothing has been copied yet";
  if (!known) return "the publication was not whole for a time";
  if (known.systemId !== now.systemId || known.database !== now.database) return "the source is another database system";
  if (known.schema !== now.schema || known.publication !== now.publication) return "the mirror was of another schema or publication";
  if (known.publicationOid !== null && known.publicationOid !== now.publicationOid) return "the publication was made anew";
  if (known.timeline !== null && known.timeline !== now.timeline) return "the source was restored or promoted";
  if (!slot || known.slot !== now.slot) return "the replication slot is gone";
  if (slot.status === "lost") return "the server has dropped log that the replication slot needs";
  if (slot.confirmed !== null && parseLsn(slot.confirmed) > parseLsn(state.lsn)) return "the replication slot is ahead of the mirror";
  if (end < parseLsn(state.lsn)) return "the source is behind the mirror: it was restored from an older copy";
  return null;
}

/** Looks at the source's catalog; where the publication lists its tables, publishes new ones first. `refused` remembers those that this role may not publish. */
export async function lookAtSource(
  client: Client,
  target: MirrorTarget,
  publication: Publication,
  refused: Set<string>,
): Promise<SourceTables> {
  const found = await readSourceTables(client, target.publication, target.schema);
  const missing = publication.listed ? found.unpublished.filter((name) => !refused.has(name)) : [];
  if (missing.length === 0) return found;
  for (const name of await publishTables(client, target.publication, target.schema, missing)) refused.add(name);
  return readSourceTables(client, target.publication, target.schema);
}

/**
 * Compares the catalog's tables with the mirror's, reshapes what differs and marks what must be copied, and removes what is no longer there, as of `state`.
 * Returns the names of those removed.
 */
export async function adoptTables(
  connection: DuckDBConnection,
  tables: Map<string, StoredTable>,
  published: readonly SourceTable[],
  state: MirrorState,
): Promise<string[]> {
  const names = new Set(published.map(({ name }) => name));
  const removed = [...tables.keys()].filter((name) => !names.has(name));
  for (const name of removed) {
    await removeTable(connection, name, state);
    tables.delete(name);
  }
  for (const table of published) {
    const known = tables.get(table.name);
    if (known && JSON.stringify(known.table) === JSON.stringify(table)) continue;
    const sameRows = known !== undefined && known.table.oid === table.oid && known.table.key.join("\0") === table.key.join("\0");
    const columns = new Map(known?.table.columns.map((column) => [column.name, column]));
    const sameColumns = table.columns.every(({ name, type, position, shape }) => {
      const column = columns.get(name);
      return column?.type === type && column.position === position && column.shape === shape;
    });
    const needsCopy = !sameRows || !sameColumns || known.needsCopy || known.table.storage !== table.storage;
    const stored = { table, needsCopy, copied: sameRows && known.copied };
    await reshapeTable(connection, stored);
    tables.set(table.name, stored);
  }
  return removed;
}

export interface Preparation {
  client: Client;
  connection: DuckDBConnection;
  /** DuckDB's usual ones. */
  threads: number;
  /** Folder for the files of copies. */
  dir: string;
  publication: Publication;
  /** Tables that this role may not publish. */
  refused: Set<string>;
  faults: Faults;
  logger: MirrorLogger;
  copying: (progress: CopyProgress | null) => void;
}

/** Downloads under savepoints: an error of one table leaves the transaction, and with it the moment, to the others. */
export async function downloadAtMoment(client: Client, schema: string, table: SourceTable, dir: string): Promise<Download> {
  await client.query("savepoint download");
  try {
    const download = await downloadTable(client, schema, table, dir);
    // Lets go of the lock: who wants to alter this table need not wait for those that are read after it.
    await client.query("rollback to savepoint download");
    await client.query("release savepoint download");
    return download;
  } catch (error) {
    // Without an answer to this the connection is lost, which is no fault of the table.
    await client.query("rollback to savepoint download");
    throw new TableFault(table.name, `table "${table.name}" could not be read: ${(error as Error).message}`, { cause: error });
  }
}

const tellEveryMs = 10_000;

/** `copySideBySide`, with word of how it gets on. */
async function copyMeasured(copy: Omit<CopyOptions, "loading">, { client, logger, copying }: Preparation): Promise<TableFault[]> {
  let told = performance.now();
  const changed = (progress: CopyProgress): void => {
    copying(progress);
    if (performance.now() - told < tellEveryMs) return;
    told = performance.now();
    const { done, tables, rows, ofRows, bytes, reading } = progress;
    logger.info({ done, tables, rows, ofRows, mebibytes: Math.round(bytes / 1024 ** 2), reading }, "copying");
  };
  const meter = await startCopyMeter({ client, schema: copy.schema, tables: copy.tables.map(({ table }) => table), changed });
  try {
    return await copySideBySide({
      ...copy,
      loading: meter.loading,
      opened: {
        ...copy.opened,
        async join() {
          const reader = await copy.opened.join();
          meter.watch(reader);
          return reader;
        },
      },
    });
  } finally {
    meter.stop();
  }
}

/** Replaces the mirror's rows by those of a new slot's first moment. On an empty mirror this is the first copy. Returns the tables copied. */
async function copyEverything(
  target: MirrorTarget,
  preparation: Preparation,
  tables: Map<string, StoredTable>,
  now: MirrorSource,
): Promise<string[]> {
  const { connection, threads, dir, faults, logger, copying } = preparation;
  // Before the moment: what is published later is not in the slot's stream.
  await lookAtSource(preparation.client, target, preparation.publication, preparation.refused);
  const opened = await openMoment(target.sourceUrl, { name: target.slot, temporary: false });
  const failed = (fault: TableFault): void => {
    logger.error({ err: fault, table: fault.table }, "a table can't be copied; the others go on");
    faults.note(fault.table, fault.message);
  };
  try {
    const { tables: published } = await readSourceTables(opened.client, target.publication, target.schema);
    const state = { lsn: formatLsn(opened.moment.lsn), at: opened.moment.at };
    await adoptTables(connection, tables, published, state);
    const left = new Map(published.map(({ name }) => [name, tables.get(name)!]));
    const copyTogether = (work: () => Promise<void>): Promise<void> =>
      withCopyThreads(connection, threads, () => inTransaction(connection, work));
    // A failed statement ends the whole transaction: it is done again without the table that failed.
    for (;;) {
      try {
        await copyTogether(async () => {
          // The log says that the rows were there before whatever commits at that very position.
          const moment = { ...opened.moment, lsn: opened.moment.lsn - 1n };
          const copy = { connection, opened: { ...opened, moment }, schema: target.schema, tables: [...left.values()], dir };
          const unread = await copyMeasured(copy, preparation);
          if (unread[0] && unread.length === published.length) throw new Error(unread[0].message, { cause: unread[0] });
          for (const fault of unread) {
            left.delete(fault.table);
            failed(fault);
          }
          // Those that failed are out of step with the new moment.
          for (const name of tables.keys()) if (!left.has(name)) await suspendTable(connection, name);
          await writeState(connection, state);
          await writeSource(connection, now);
        });
        break;
      } catch (error) {
        if (!(error instanceof TableFault)) throw error;
        left.delete(error.table);
        failed(error);
      }
    }
    for (const [name, stored] of tables) tables.set(name, { ...stored, needsCopy: !left.has(name), copied: left.has(name) });
    for (const name of left.keys()) faults.clear(name);
    return [...left.keys()];
  } finally {
    copying(null);
    await opened.close();
  }
}

export interface Prepared {
  tables: Map<string, StoredTable>;
  state: MirrorState;
  /** Tables copied on the way here; empty when the stream goes on where it stopped. */
  copied: string[];
  /** Why everything was copied; null when the stream goes on. */
  reason: string | null;
}

/**
 * Brings the mirror to a state from which the slot's stream continues without a gap: reads what is stored, and copies everything again when the source, the
 * slot or its log is not the one that the stored rows came from.
 */
export async function prepareMirror(target: MirrorTarget, preparation: Preparation): Promise<Prepared> {
  const { connection, client, logger, publication } = preparation;
  const { systemId, database, timeline } = await identifySystem(target.sourceUrl);
  const now: MirrorSource = {
    systemId,
    database,
    schema: target.schema,
    slot: target.slot,
    publication: target.publication,
    publicationOid: publication.oid,
    timeline,
  };
  const tables = await readTables(connection);
  const slot = await readSlot(client, target.slot);
  if (slot && slot.database !== database) {
    throw new Error(
      `the replication slot "${target.slot}" belongs to the database "${slot.database}"; give this mirror a slot of another name`,
    );
  }
  const end = await client.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
  const known = await readSource(connection);
  const reason = gap(await readState(connection), known, now, slot, parseLsn(end.rows[0]!.lsn));
  if (reason === null) {
    if (JSON.stringify(known) !== JSON.stringify(now)) await inTransaction(connection, () => writeSource(connection, now));
    return { tables, state: (await readState(connection))!, copied: [], reason };
  }
  logger.info({ reason, slot: target.slot, schema: target.schema }, "copying the source");
  const started = performance.now();
  if (slot) await dropSlot(client, target.slot);
  const copied = await copyEverything(target, preparation, tables, now);
  logger.info({ tables: copied.length, seconds: Math.round((performance.now() - started) / 100) / 10 }, "source copied");
  return { tables, state: (await readState(connection))!, copied, reason };
}
