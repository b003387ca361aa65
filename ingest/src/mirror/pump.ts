import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { formatLsn, parseLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";
import { adoptTables, lookAtSource } from "./adopt-tables.ts";
import { applyTableChanges } from "./apply-changes.ts";
import { createHolds } from "./holds.ts";
import type { Hold } from "./holds.ts";
import type { Inbox, Received } from "./inbox.ts";
import type { Faults } from "./faults.ts";
import { forgetSource, readState, writeState } from "./mirror-store.ts";
import type { StoredTable } from "./mirror-store.ts";
import type { MirrorProblem } from "./problems.ts";
import type { Progress } from "./progress.ts";
import { readPublication } from "./publication.ts";
import type { Publication } from "./publication.ts";
import type { MirrorLogger, MirrorTarget } from "./session.ts";
import type { SourceTables } from "./source-catalog.ts";
import { foldTableChanges } from "./table-changes.ts";
import type { TableChanges } from "./table-changes.ts";
import { startReading } from "./table-reading.ts";
import type { Reading, TableRead } from "./table-reading.ts";
import { keepLogRoom } from "./write-ahead-log.ts";

/** Rows of one unfinished transaction that are applied (not committed) before the rest has come, to bound memory. */
const partRows = 25_000;

/** Tables that are read again share a slot and its connections; those that become due while a large one is read need not wait for it. */
const mostReadings = 2;

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
  /** There is something to `drain`. */
  wake: () => void;
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
  /** Tables whose rows are being read again, or will be as soon as there is a place. */
  rereading(): string[];
  /** Gives up what is half done. */
  abort(): Promise<void>;
}

const microsToText = (micros: bigint): string => new Date(Number(micros / 1000n)).toISOString();

export function createPump(options: PumpOptions): Pump {
  const { target, connection, inbox, tables, faults, progress, logger } = options;
  const holds = createHolds(inbox.received);
  const errands: Errand[] = [];
  let settlings: Settling[] = [];
  let complained = "";
  /** By the number in the name of its slot. */
  const readings = new Map<number, Reading>();
  /** The source has been made to move there. */
  let movesTo: Lsn = 0n;
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

  const readingOf = (name: string): Reading | undefined => readings.values().find((reading) => reading.has(name));

  const toRead = (): StoredTable[] => [...tables.values()].filter(({ needsCopy, table: { name } }) => needsCopy && !faults.isResting(name));

  const due = (): StoredTable[] => toRead().filter(({ table: { name } }) => !readingOf(name));

  function readAgain(): void {
    const number = Array.from({ length: mostReadings }, (_, place) => place + 1).find((free) => !readings.has(free));
    const wanted = due();
    if (number === undefined || wanted.length === 0) return;
    logger.info({ tables: wanted.map(({ table }) => table.name) }, "reading tables again");
    const slot = `${target.slot}_copy${number}`;
    readings.set(number, startReading({ target, tables: wanted, slot, dir: options.dir, wake: options.wake }));
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
      if (changes.length > 0) holds.applied(transaction.commitLsn);
      for (const change of changes) {
        const { schema, name } = change.relation;
        const stored = schema === target.schema ? tables.get(name) : undefined;
        // One that was dropped or renamed meanwhile is another.
        if (stored?.table.oid !== change.relation.oid) continue;
        if (readings.size > 0) readingOf(name)?.keep(name, change, transaction);
        let table = folded.get(name);
        if (!table) {
          // A table not copied yet has these changes in its copy.
          if (!stored.copied) continue;
          table = foldTableChanges(stored.table);
          folded.set(name, table);
        }
        table.add(change, transaction);
      }
    }
    for (const reading of readings.values()) await reading.flush();
    if (folded.size === 0) return;
    await begin();
    for (const [name, changes] of folded) {
      await applyTableChanges(connection, changes, options.dir);
      touched.add(name);
    }
  }

  /** What an `advance` to `through` will say. */
  const timeAt = (through: Lsn): string =>
    progress.freshAt(through, lastCommitAt === null ? (progress.current()?.at ?? new Date(0).toISOString()) : microsToText(lastCommitAt));

  async function takeOver(reading: Reading, read: TableRead, through: Lsn): Promise<void> {
    const { stored } = read;
    const { name } = stored.table;
    reading.take();
    if ("download" in read) {
      // Altered since it was read: it stays due, and the next reading will do.
      if (tables.get(name) !== stored) return reading.forget(stored, read.download);
      await begin();
      // After all that is applied, as it is compared with that, and before whatever commits at this very position.
      const at = { lsn: through - 1n, at: timeAt(through) };
      if ((await reading.load(connection, stored, read, at)) || !stored.copied) touched.add(name);
      tables.set(name, { ...stored, needsCopy: false, copied: true });
      faults.clear(name);
      return;
    }
    await reading.forget(stored);
    if ("altered" in read) catalogDue = true;
    else if ("waiting" in read) faults.delay(name, read.waiting);
    else {
      logger.error({ err: read.fault, table: name }, "a table can't be read; the others go on");
      faults.note(name, read.fault.message);
    }
  }

  /** A quiet source's position does not move by itself. */
  async function moveOn(): Promise<void> {
    const { rows } = await options.client.query<{ lsn: string }>("select pg_logical_emit_message(true, 'kehu.mirror', '')::text as lsn");
    movesTo = parseLsn(rows[0]!.lsn);
  }

  /**
   * Takes over the tables that have been read at a moment to which the stream, of which everything before `through` is applied, has come. Only together with
   * a new position: whoever read at the old one is to learn that the rows are others.
   */
  async function takeOverRead(through: Lsn): Promise<void> {
    const hasMoved = through > parseLsn(progress.current()!.lsn);
    for (const [number, reading] of readings) {
      for (let read = reading.next; read; read = reading.next) {
        if ("download" in read && (read.moment.lsn > through || !hasMoved)) {
          if (read.moment.lsn <= through && movesTo <= through) await moveOn();
          break;
        }
        await takeOver(reading, read, through);
      }
      if (!reading.isOver) continue;
      await reading.close();
      readings.delete(number);
      // What became due meanwhile, or still is, may be read now.
      options.wake();
    }
  }

  async function commit(through: Lsn): Promise<void> {
    const before = progress.current();
    const text = formatLsn(through);
    if (!inTransaction && before?.lsn === text) return;
    await begin();
    const at = timeAt(through);
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
    if (readings.size > 0 || inTransaction || catalogDue || due().length > 0) return;
    const ended = settlings.filter(({ looked }) => looked);
    settlings = settlings.filter(({ looked }) => !looked);
    for (const { resolve } of ended) resolve();
  }

  return {
    lookAtCatalog() {
      catalogDue = true;
    },
    hold: holds.add,
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
        if (holds.isEmpty) readAgain();
      }
      const hold = holds.next();
      // Now: what comes while these are applied is not.
      const isReached = hold !== undefined && inbox.hasAllBefore(hold.lsn);
      const { parts, through } = inbox.takeWhole(hold?.lsn);
      const isWhole = parts.length > 0 || !inTransaction;
      await applyParts(parts);
      if (isWhole) {
        await takeOverRead(through);
        await commit(through);
      }
      if (isReached) {
        await holds.standStill();
        // What had come before it stood still may have nothing after it that would wake it.
        options.wake();
      } else {
        await applyPart(hold?.lsn);
      }
      endSettlings();
    },
    rereading: () => toRead().map(({ table: { name } }) => name),
    async abort() {
      const lost = new Error("the mirror lost its source");
      holds.lose(lost);
      for (const { lost: tell } of errands) tell(lost);
      for (const { reject } of settlings) reject(lost);
      for (const reading of readings.values()) await reading.close();
      // A commit that failed has already ended the transaction; the error worth telling is the one that led here.
      if (inTransaction) await connection.run("rollback").catch(() => {});
    },
  };
}
