import { rm } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { formatLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";
import { applyTableChanges } from "./apply-changes.ts";
import type { Inbox, Received } from "./inbox.ts";
import { writeState } from "./mirror-store.ts";
import type { StoredTable } from "./mirror-store.ts";
import type { Relation } from "./pgoutput.ts";
import type { Progress } from "./progress.ts";
import { adoptTables, openMoment } from "./session.ts";
import type { MirrorLogger, MirrorTarget } from "./session.ts";
import { missingKeys, readPublishedTables } from "./source-catalog.ts";
import { foldTableChanges } from "./table-changes.ts";
import type { TableChanges } from "./table-changes.ts";
import { downloadTable, loadDownload } from "./table-copy.ts";
import type { CopyMoment } from "./table-copy.ts";

/** Rows of one unfinished transaction that are applied (not committed) before the rest has come, to bound memory. */
const partRows = 50_000;

/** Tables read again at a moment ahead of the stream; they are loaded when the stream has come to it. */
interface PendingCopy {
  moment: CopyMoment;
  copies: { stored: StoredTable; file: string }[];
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
  tables: Map<string, StoredTable>;
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
  /** More must be received before anything can be applied: the stream must not be paused. */
  readonly waitsForMore: boolean;
  /** Gives up what is half done. */
  abort(): Promise<void>;
}

const microsToText = (micros: bigint): string => new Date(Number(micros / 1000n)).toISOString();

export function createPump(options: PumpOptions): Pump {
  const { target, connection, inbox, tables, progress, logger } = options;
  const holds: Hold[] = [];
  const complained = new Set<string>();
  let pending: PendingCopy | null = null;
  let catalogDue = false;
  let inTransaction = false;
  /** Tables and time of what has been applied but not committed. */
  let touched = new Set<string>();
  let lastCommitAt: bigint | null = null;

  const fits = (relation: Relation): boolean => {
    const stored = tables.get(relation.name);
    if (!stored || stored.table.oid !== relation.oid || stored.table.columns.length !== relation.columns.length) return false;
    const known = new Map(stored.table.columns.map((column) => [column.name, column]));
    return relation.columns.every(
      ({ name, typeOid, typeMod }) => known.get(name)?.typeOid === typeOid && known.get(name)?.typeMod === typeMod,
    );
  };

  /** A relation that differs from the table as known may be older than it; the catalog decides. */
  async function adoptSchemaChanges(): Promise<void> {
    for (;;) {
      const described = inbox.takeRelations().filter(({ schema }) => schema === target.schema);
      if (!catalogDue && described.every(fits)) return;
      catalogDue = false;
      const published = await readPublishedTables(options.client, target.publication, target.schema);
      const keyless = await adoptTables(connection, tables, published);
      for (const table of keyless) {
        if (complained.has(table.name)) continue;
        complained.add(table.name);
        logger.error({ table: table.name }, missingKeys(target.schema, [table]));
      }
    }
  }

  async function readAgain(): Promise<void> {
    const names = [...tables.values()].filter(({ needsCopy }) => needsCopy).map(({ table }) => table.name);
    if (names.length === 0) return;
    logger.info({ tables: names }, "reading tables again");
    const opened = await openMoment(target.sourceUrl, { name: `${target.slot}_copy`, temporary: true });
    const copies: PendingCopy["copies"] = [];
    try {
      const published = await readPublishedTables(opened.client, target.publication, target.schema);
      await adoptTables(connection, tables, published);
      for (const { name } of published) {
        const stored = tables.get(name);
        if (stored?.needsCopy) copies.push({ stored, file: await downloadTable(opened.client, target.schema, stored.table, options.dir) });
      }
    } finally {
      await opened.close();
    }
    // Dropped meanwhile: there is nothing to read.
    for (const name of names) if (!copies.some(({ stored }) => stored.table.name === name)) tables.delete(name);
    pending = { moment: opened.moment, copies };
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
          // A table not copied yet has these changes in its copy.
          if (!stored?.copied) continue;
          table = foldTableChanges(stored.table);
          folded.set(name, table);
        }
        table.add(change, transaction);
      }
    }
    if (folded.size === 0) return;
    await begin();
    for (const [name, changes] of folded) {
      await applyTableChanges(connection, changes);
      touched.add(name);
    }
  }

  async function loadPending({ moment, copies }: PendingCopy): Promise<void> {
    await begin();
    for (const { stored, file } of copies) {
      const { name } = stored.table;
      // Altered again since the copy was made: it stays due, and the next copy will do.
      if (tables.get(name) === stored) {
        const first = !stored.copied;
        if ((await loadDownload(connection, stored, file, moment)) || first) touched.add(name);
        tables.set(name, { ...stored, needsCopy: false, copied: true });
      }
      await rm(file, { force: true });
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
  async function applyPart(): Promise<void> {
    if (inbox.rowCount < partRows) return;
    const part = inbox.takePart();
    if (part) await applyParts([part]);
  }

  return {
    get waitsForMore() {
      return pending !== null;
    },
    lookAtCatalog() {
      catalogDue = true;
    },
    hold(hold) {
      holds.push(hold);
    },
    async drain() {
      // Tables can't be altered while part of a transaction is applied; what comes for unknown columns until its end is read again afterwards.
      if (!inTransaction) {
        await adoptSchemaChanges();
        if (!pending && holds.length === 0) await readAgain();
      }
      const copy = pending;
      if (copy) {
        if (!inbox.hasAllBefore(copy.moment.lsn)) return;
        if (!inTransaction) await adoptSchemaChanges();
        const { parts, through } = inbox.takeWhole(copy.moment.lsn);
        await applyParts(parts);
        await loadPending(copy);
        pending = null;
        return commit(through);
      }
      const [hold] = holds;
      const { parts, through } = inbox.takeWhole(hold?.lsn);
      await applyParts(parts);
      if (parts.length > 0 || !inTransaction) await commit(through);
      if (hold && inbox.hasAllBefore(hold.lsn)) {
        hold.reached();
        await hold.released;
        holds.shift();
      } else {
        await applyPart();
      }
    },
    async abort() {
      for (const hold of holds) hold.lost(new Error("the mirror lost its source"));
      for (const { file } of pending?.copies ?? []) await rm(file, { force: true });
      // A commit that failed has already ended the transaction; the error worth telling is the one that led here.
      if (inTransaction) await connection.run("rollback").catch(() => {});
    },
  };
}
