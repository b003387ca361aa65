import { formatLsn } from "../lsn.ts";
import { adoptTables, lookAtSource } from "./adopt-tables.ts";
import { startCopyMeter } from "./copy-meter.ts";
import type { CopyProgress } from "./copy-meter.ts";
import { copySideBySide } from "./copy-side-by-side.ts";
import type { CopyOptions } from "./copy-side-by-side.ts";
import { withCopyThreads } from "./copy-threads.ts";
import { inTransaction, inTransactions, markCopied, suspendTable, writeSource, writeState } from "./mirror-store.ts";
import type { MirrorSource, StoredTable } from "./mirror-store.ts";
import { TableFault } from "./problems.ts";
import type { MirrorTarget, Preparation } from "./session.ts";
import { readSourceTables } from "./source-catalog.ts";
import { openMoment } from "./source-moment.ts";
import { comparingLoader, firstLoader, logFirst } from "./table-copy.ts";
import type { TableLoader } from "./table-copy.ts";

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

export interface WholeCopyOptions {
  /** Those that are stored; afterwards the source's. */
  tables: Map<string, StoredTable>;
  source: MirrorSource;
  /** Nothing is stored yet. */
  isFirst: boolean;
}

/**
 * Replaces the mirror's rows by those of a new slot's first moment. Returns the tables copied. The rows of a first copy are loaded on two connections, as one
 * DuckDB statement keeps no more than one processor busy here without waste, and committed before they are logged, as only committed rows are read by several
 * threads: until there is a position, which comes last, they count for nothing (`dropUnfinished`). Later copies are compared in one transaction.
 */
export async function copyEverything(
  target: MirrorTarget,
  preparation: Preparation,
  { tables, source, isFirst }: WholeCopyOptions,
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
    // The log says that the rows were there before whatever commits at that very position.
    const moment = { lsn: opened.moment.lsn - 1n, at: opened.moment.at };

    async function copyRows(loaders: readonly TableLoader[]): Promise<void> {
      const copy = { opened, schema: target.schema, tables: [...left.values()], dir, loaders };
      const unread = await copyMeasured(copy, preparation);
      if (unread[0] && unread.length === published.length) throw new Error(unread[0].message, { cause: unread[0] });
      for (const fault of unread) {
        left.delete(fault.table);
        failed(fault);
      }
    }
    /** A failed statement ends its whole transaction: all is done again without the table that failed. */
    async function withoutFaulty(copy: () => Promise<void>): Promise<void> {
      for (;;) {
        try {
          return await withCopyThreads(connection, threads, copy);
        } catch (error) {
          if (!(error instanceof TableFault)) throw error;
          left.delete(error.table);
          failed(error);
        }
      }
    }
    async function finish(): Promise<void> {
      // Those that failed are out of step with the new moment.
      for (const name of tables.keys()) if (!left.has(name)) await suspendTable(connection, name);
      await writeState(connection, state);
      await writeSource(connection, source);
    }

    if (isFirst) {
      const both = [connection, await preparation.connect()];
      try {
        await withoutFaulty(() => inTransactions(both, () => copyRows(both.map(firstLoader))));
      } finally {
        both[1]!.closeSync();
      }
      await inTransaction(connection, async () => {
        for (const { table } of left.values()) {
          await markCopied(connection, table);
          await logFirst(connection, table, moment);
        }
        await finish();
      });
    } else {
      await withoutFaulty(() =>
        inTransaction(connection, async () => {
          await copyRows([comparingLoader(connection, moment)]);
          await finish();
        }),
      );
    }
    for (const [name, stored] of tables) tables.set(name, { ...stored, needsCopy: !left.has(name), copied: left.has(name) });
    for (const name of left.keys()) faults.clear(name);
    return [...left.keys()];
  } finally {
    copying(null);
    await opened.close();
  }
}
