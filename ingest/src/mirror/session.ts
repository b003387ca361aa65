import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { formatLsn, parseLsn } from "../lsn.ts";
import { dropSlot, gap, identifySystem, readSlot } from "./continuity.ts";
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
import { readSourceTables } from "./source-catalog.ts";
import type { SourceTable, SourceTables } from "./source-catalog.ts";
import { openMoment } from "./source-moment.ts";
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
