import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { bringForward } from "./bring-forward.ts";
import { keepChanges } from "./kept-changes.ts";
import type { KeptChanges } from "./kept-changes.ts";
import type { StoredTable } from "./mirror-store.ts";
import type { RowChange } from "./pgoutput.ts";
import { TableFault } from "./problems.ts";
import type { MirrorTarget } from "./session.ts";
import { isImpatient, openMoment } from "./source-moment.ts";
import type { SourceMoment } from "./source-moment.ts";
import { readSourceTables } from "./source-catalog.ts";
import type { SourceTable } from "./source-catalog.ts";
import type { Transaction } from "./table-changes.ts";
import { loadDownload } from "./table-copy.ts";
import type { CopyMoment } from "./table-copy.ts";
import { downloadTable, removeParts } from "./table-download.ts";
import type { Download } from "./table-download.ts";

/** Tables that become due meanwhile wait for the end of a reading: for locks that long transactions of the source hold, only so long. */
const patienceMs = 2_000;

/** What became of one table: its rows, or why there are none. */
export type TableRead = { stored: StoredTable } & (
  | { download: Download; moment: CopyMoment }
  | { fault: TableFault }
  /** It was another one at the moment than the mirror knew. */
  | { altered: true }
  /** The source has transactions, or a lock, to wait for. */
  | { waiting: "waiting_for_transactions" | "waiting_for_lock" }
);

/**
 * Reads tables again at a moment of their own, beside the stream, which goes on. From the first moment on their changes are kept in files too, so that what was
 * read can be brought forward to wherever the stream is by then.
 */
export interface Reading {
  /** Whether this table has yet to be taken. */
  has(name: string): boolean;
  /** To be told of every change of the tables that it has, applied or not. */
  keep(name: string, change: RowChange, transaction: Transaction): void;
  /** To be called when a batch has been told. */
  flush(): Promise<void>;
  /** The first of the tables that are done and not taken; undefined: none now. Throws what ended the whole reading. */
  readonly next: TableRead | undefined;
  /** Takes `next`: nothing more is kept for it. */
  take(): void;
  /** Every table has been taken. */
  readonly isOver: boolean;
  /**
   * Makes `raw` equal to what was read, brought forward by all changes that were told. Differences are logged at `at`. In the caller's transaction, in which
   * the same changes have been applied. Returns whether anything changed.
   */
  load(
    connection: DuckDBConnection,
    stored: StoredTable,
    read: { download: Download; moment: CopyMoment },
    at: CopyMoment,
  ): Promise<boolean>;
  /** The table's files are no longer wanted. */
  forget(stored: StoredTable, download?: Download): Promise<void>;
  /** Ends it, wherever it is; its files are gone. */
  close(): Promise<void>;
}

export interface ReadingOptions {
  target: MirrorTarget;
  tables: readonly StoredTable[];
  /** Of its slot, for as long as it lasts. */
  slot: string;
  dir: string;
  /** There is something to take. */
  wake: () => void;
}

/** Downloads under savepoints: an error of one table leaves the transaction, and with it the moment, to the others. */
async function downloadAtMoment(client: Client, schema: string, table: SourceTable, dir: string): Promise<Download> {
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

export function startReading({ target, tables, slot, dir, wake }: ReadingOptions): Reading {
  const left = new Set(tables.map(({ table }) => table.name));
  const kept = new Map<string, KeptChanges>();
  for (const { table } of tables) kept.set(table.name, keepChanges(join(dir, `kept-${table.oid}.json.tmp`)));
  let done: TableRead[] = [];
  let opened: SourceMoment | undefined;
  let isClosing = false;
  let failure: unknown;

  const put = (read: TableRead): void => {
    done.push(read);
    wake();
  };
  const definitionsAt = async ({ client }: SourceMoment): Promise<Map<string, string>> => {
    const { tables: found } = await readSourceTables(client, target.publication, target.schema);
    return new Map(found.map((table) => [table.name, JSON.stringify(table)]));
  };
  async function readTable(at: SourceMoment, stored: StoredTable): Promise<TableRead> {
    try {
      const download = await downloadAtMoment(at.client, target.schema, stored.table, dir);
      // To an older snapshot a table that was rewritten before it was read is empty.
      if ((await definitionsAt(at)).get(stored.table.name) === JSON.stringify(stored.table)) return { stored, moment: at.moment, download };
      await removeParts(download);
      return { stored, altered: true };
    } catch (error) {
      if (!(error instanceof TableFault)) throw error;
      return isImpatient(error.cause) ? { stored, waiting: "waiting_for_lock" } : { stored, fault: error };
    }
  }
  async function readAll(): Promise<void> {
    try {
      opened = await openMoment(target.sourceUrl, { name: slot, temporary: true }, { patienceMs });
    } catch (error) {
      if (!isImpatient(error)) throw error;
      for (const stored of tables) put({ stored, waiting: "waiting_for_transactions" });
      return;
    }
    try {
      const then = await definitionsAt(opened);
      for (const stored of tables) {
        if (isClosing) return;
        const isSame = then.get(stored.table.name) === JSON.stringify(stored.table);
        put(isSame ? await readTable(opened, stored) : { stored, altered: true });
      }
    } finally {
      await opened.close();
    }
  }
  const reading = readAll().catch((error: unknown) => {
    failure = error;
    wake();
  });

  const forget = async ({ table: { name } }: StoredTable, download: Download = []): Promise<void> => {
    await removeParts(download);
    await kept.get(name)?.remove();
    kept.delete(name);
  };
  return {
    has: (name) => left.has(name),
    keep(name, change, transaction) {
      kept.get(name)?.add(change, transaction);
    },
    async flush() {
      for (const changes of kept.values()) await changes.flush();
    },
    get next() {
      if (done.length === 0 && failure !== undefined) throw failure as Error;
      return done[0];
    },
    take() {
      const read = done.shift();
      if (read) left.delete(read.stored.table.name);
    },
    get isOver() {
      return left.size === 0;
    },
    async load(connection, stored, { download, moment }, at) {
      const { table } = stored;
      const forwarded = await bringForward(connection, { table, download, kept: kept.get(table.name)!, from: moment.lsn, dir });
      const changed = await loadDownload(connection, stored, forwarded, at);
      await forget(stored, forwarded);
      return changed;
    },
    forget,
    async close() {
      isClosing = true;
      // A copy in the middle ends with its connection.
      await opened?.close();
      await reading;
      for (const read of done) await forget(read.stored, "download" in read ? read.download : []);
      done = [];
      for (const changes of kept.values()) await changes.remove();
      kept.clear();
    },
  };
}
