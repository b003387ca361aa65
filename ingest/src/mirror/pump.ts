import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { formatLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";
import { applyTableChanges } from "./apply-changes.ts";
import type { Inbox, Received } from "./inbox.ts";
import type { Faults } from "./faults.ts";
import { forgetSource, readState, writeState } from "./mirror-store.ts";
import type { StoredTable } from "./mirror-store.ts";
import { TableFault } from "./problems.ts";
import type { MirrorProblem } from "./problems.ts";
import type { Progress } from "./progress.ts";
import { readPublication } from "./publication.ts";
import type { Publication } from "./publication.ts";
import { adoptTables, downloadAtMoment, isImpatient, lookAtSource, openMoment } from "./session.ts";
import type { MirrorLogger, MirrorTarget, SourceMoment } from "./session.ts";
import { readSourceTables } from "./source-catalog.ts";
import type { SourceTables } from "./source-catalog.ts";
import { foldTableChanges } from "./table-changes.ts";
import type { TableChanges } from "./table-changes.ts";
import { loadDownload } from "./table-copy.ts";
import type { CopyMoment } from "./table-copy.ts";
import { removeParts } from "./table-download.ts";
import type { Download } from "./table-download.ts";
import { keepLogRoom } from "./write-ahead-log.ts";

/** Rows of one unfinished transaction that are applied (not committed) before the rest has come, to bound memory. */
const partRows = 50_000;

/** Tables read again at a moment ahead of the stream; they are loaded when the stream has come to it. */
interface PendingCopy {
  moment: CopyMoment;
  copies: { stored: StoredTable; download: Download }[];
}

/** The other tables stand still while one is read again: for locks that long transactions of the source hold, only so long. */
const patienceMs = 2_000;

/** Someone wants to know that the source's catalog has been followed. */
interface Settling {
  looked: boolean;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Something to be done on the mirror's connection between two of its transactions. */
export interface Errand {
  run: (connection: DuckDBConnection) => Promise<void>;
  /** The connection to the source was lost before it was its turn. */
  lost: (error: Error) => void;
}

/** Someone wants the mirror to stand still exactly at a position. */
export interface Hold {
  lsn: Lsn;
  reached: () => void;
  /** The connection was lost before the position was reached. */
  lost: (error: Error) => void;
  released: Promise<void>;
}

export interface PumpOptions {
  target: MirrorTarget;
  connection: DuckDBConnection;
  /** Folder for the files of copies. */
  dir: string;
  /** An ordinary connection to the source, for its catalog. */
  client: Client;
  inbox: Inbox;
  publication: Publication;
  /** Tables that this role may not publish. */
  refused: Set<string>;
  tables: Map<string, StoredTable>;
  faults: Faults;
  /** Told after each look at the catalog what of it can't be mirrored. */
  found: (problems: MirrorProblem[]) => void;
  progress: Progress;
  /** Confirms a durable position to the source. */
  acknowledge: (lsn: Lsn) => void;
  logger: MirrorLogger;
}

/** Applies what one connection receives. Its functions are called one at a time. */
export interface Pump {
  /** Applies everything that can be applied now, in one DuckDB transaction, and acknowledges it. */
  drain(): Promise<void>;
  /** Compares the source's catalog with the mirror's tables at the next `drain`. */
  lookAtCatalog(): void;
  hold(hold: Hold): void;
  /** Done at one of the next `drain`s, when no transaction is open. `run` never throws. */
  send(errand: Errand): void;
  /** Resolves when the catalog, as it is now, has been followed and nothing that can be read waits for its copy. */
  settle(): Promise<void>;
  /** More must be received before anything can be applied: the stream must not be paused. */
  readonly waitsForMore: boolean;
  /** Gives up what is half done. */
  abort(): Promise<void>;
}

const microsToText = (micros: bigint): string => new Date(Number(micros / 1000n)).toISOString();

export function createPump(options: PumpOptions): Pump {
  const { target, connection, inbox, tables, faults, progress, logger } = options;
  const holds: Hold[] = [];
  const errands: Errand[] = [];
  let settlings: Settling[] = [];
  let complained = "";
  let pending: PendingCopy | null = null;
  /** Nothing is applied meanwhile, however much comes. */
  let downloading = false;
  let catalogDue = false;
  let inTransaction = false;
  /** Tables and time of what has been applied but not committed. */
  let touched = new Set<string>();
  let lastCommitAt: bigint | null = null;

  /** Throws when the publication is not what it was: what was changed meanwhile is in no stream, so everything has to be copied again. */
  async function checkPublication(): Promise<void> {
    const now = await readPublication(options.client, target.publication);
    if (now?.oid === options.publication.oid && now.missing.length === 0) return;
    await forgetSource(connection);
    throw new Error(
      `the publication "${target.publication}" was ${now?.oid === options.publication.oid ? "altered" : "dropped"} while the mirror ran`,
    );
  }

  function tell({ problems }: SourceTables): void {
    options.found(problems);
    const words = JSON.stringify(problems);
    if (words === complained) return;
    complained = words;
    for (const { table, column, what, remedy } of problems) logger.warn({ table, column, remedy }, `not mirrored: ${what}`);
  }

  async function adopt(found: SourceTables): Promise<void> {
    // Removed tables have no changes of their own in this batch; the position is that of what is durable.
    const state = (await readState(connection))!;
    for (const name of await adoptTables(connection, tables, found.tables, state)) touched.add(name);
  }

  /**
   * The server describes a relation again whenever something about it may have changed; what, only the catalog tells: the same names and types may be those
   * of other columns, and rows may have been rewritten.
   */
  async function adoptSchemaChanges(): Promise<void> {
    for (;;) {
      const described = inbox.takeRelations().some(({ schema }) => schema === target.schema);
      if (!described && !catalogDue) return;
      catalogDue = false;
      await keepLogRoom(connection);
      for (const settling of settlings) settling.looked = true;
      await checkPublication();
      const found = await lookAtSource(options.client, target, options.publication, options.refused);
      tell(found);
      await adopt(found);
    }
  }

  const due = (): string[] =>
    [...tables.values()].filter(({ needsCopy, table }) => needsCopy && !faults.isResting(table.name)).map(({ table }) => table.name);

  async function openPatiently(names: readonly string[]): Promise<SourceMoment | null> {
    try {
      return await openMoment(target.sourceUrl, { name: `${target.slot}_copy`, temporary: true }, patienceMs);
    } catch (error) {
      if (!isImpatient(error)) throw error;
      for (const name of names) faults.delay(name, "waiting_for_transactions");
      return null;
    }
  }

  async function readAgain(): Promise<void> {
    const names = due();
    if (names.length === 0) return;
    const opened = await openPatiently(names);
    if (!opened) return;
    logger.info({ tables: names }, "reading tables again");
    const copies: PendingCopy["copies"] = [];
    pending = { moment: opened.moment, copies };
    downloading = true;
    try {
      await adopt(await readSourceTables(opened.client, target.publication, target.schema));
      for (const name of due()) {
        const stored = tables.get(name)!;
        try {
          copies.push({ stored, download: await downloadAtMoment(opened.client, target.schema, stored.table, options.dir) });
        } catch (error) {
          if (!(error instanceof TableFault)) throw error;
          logger.error({ err: error, table: name }, "a table can't be read; the others go on");
          if (isImpatient(error.cause)) faults.delay(name, "waiting_for_lock");
          else faults.note(name, error.message);
        }
      }
    } finally {
      downloading = false;
      await opened.close();
    }
    if (copies.length === 0) pending = null;
  }

  async function begin(): Promise<void> {
    if (inTransaction) return;
    await connection.run("begin");
    inTransaction = true;
  }

  async function applyParts(parts: readonly Received[]): Promise<void> {
    const folded = new Map<string, TableChanges>();
    for (const { transaction, changes } of parts) {
      lastCommitAt = transaction.commitAt;
      for (const change of changes) {
        const { schema, name } = change.relation;
        if (schema !== target.schema) continue;
        let table = folded.get(name);
        if (!table) {
          const stored = tables.get(name);
          // A table not copied yet has these changes in its copy; one that was dropped or renamed meanwhile is another.
          if (!stored?.copied || stored.table.oid !== change.relation.oid) continue;
          table = foldTableChanges(stored.table);
          folded.set(name, table);
        }
        table.add(change, transaction);
      }
    }
    if (folded.size === 0) return;
    await begin();
    for (const [name, changes] of folded) {
      await applyTableChanges(connection, changes, options.dir);
      touched.add(name);
    }
  }

  async function loadPending({ moment, copies }: PendingCopy): Promise<void> {
    await begin();
    for (const copy of copies) {
      const { stored } = copy;
      const { name } = stored.table;
      // Altered again since the copy was made: it stays due, and the next copy will do.
      if (tables.get(name) === stored) {
        const first = !stored.copied;
        if ((await loadDownload(connection, stored, copy.download, moment)) || first) touched.add(name);
        tables.set(name, { ...stored, needsCopy: false, copied: true });
        faults.clear(name);
      }
      await removeParts(copy.download);
    }
  }

  async function commit(through: Lsn): Promise<void> {
    const before = progress.current();
    const text = formatLsn(through);
    if (!inTransaction && before?.lsn === text) return;
    await begin();
    const at = progress.freshAt(through, lastCommitAt === null ? (before?.at ?? new Date(0).toISOString()) : microsToText(lastCommitAt));
    await writeState(connection, { lsn: text, at });
    await connection.run("commit");
    inTransaction = false;
    options.acknowledge(through);
    const names = [...touched];
    touched = new Set();
    lastCommitAt = null;
    progress.advance(through, at, names);
  }

  /** At most one part of a transaction that is too large to wait for its end. */
  async function applyPart(before: Lsn | undefined): Promise<void> {
    if (inbox.rowCount < partRows) return;
    const part = inbox.takePart(before);
    if (part) await applyParts([part]);
  }

  function endSettlings(): void {
    if (pending || inTransaction || catalogDue || due().length > 0) return;
    const ended = settlings.filter(({ looked }) => looked);
    settlings = settlings.filter(({ looked }) => !looked);
    for (const { resolve } of ended) resolve();
  }

  return {
    get waitsForMore() {
      return pending !== null && !downloading;
    },
    lookAtCatalog() {
      catalogDue = true;
    },
    hold(hold) {
      holds.push(hold);
    },
    send(errand) {
      errands.push(errand);
    },
    settle() {
      catalogDue = true;
      return new Promise((resolve, reject) => settlings.push({ looked: false, resolve, reject }));
    },
    async drain() {
      // Tables can't be altered while part of a transaction is applied; what comes for unknown columns until its end is read again afterwards.
      if (!inTransaction) {
        for (const { run } of errands.splice(0)) await run(connection);
        await adoptSchemaChanges();
        if (!pending && holds.length === 0) await readAgain();
      }
      const copy = pending;
      const hold = copy ? undefined : holds[0];
      const before = copy?.moment.lsn ?? hold?.lsn;
      const { parts, through } = inbox.takeWhole(before);
      await applyParts(parts);
      const reached = before !== undefined && inbox.hasAllBefore(before);
      if (copy && reached) {
        await loadPending(copy);
        pending = null;
        await commit(through);
      } else {
        if (parts.length > 0 || !inTransaction) await commit(through);
        if (hold && reached) {
          hold.reached();
          await hold.released;
          holds.shift();
        } else {
          await applyPart(before);
        }
      }
      endSettlings();
    },
    async abort() {
      const lost = new Error("the mirror lost its source");
      for (const { lost: tell } of [...holds, ...errands]) tell(lost);
      for (const { reject } of settlings) reject(lost);
      for (const { download } of pending?.copies ?? []) await removeParts(download);
      // A commit that failed has already ended the transaction; the error worth telling is the one that led here.
      if (inTransaction) await connection.run("rollback").catch(() => {});
    },
  };
}
