import { setTimeout as delay } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Client } from "pg";
import { parseLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";
import type { Warehouse } from "../warehouse.ts";
import type { CopyProgress } from "./copy-meter.ts";
import { createInbox } from "./inbox.ts";
import type { Inbox } from "./inbox.ts";
import { createFaults } from "./faults.ts";
import { prepareStore, suspendTable } from "./mirror-store.ts";
import { problemOf, TableFault } from "./problems.ts";
import type { MirrorProblem } from "./problems.ts";
import { createProgress } from "./progress.ts";
import type { Applied, AppliedEvent } from "./progress.ts";
import { createPump } from "./pump.ts";
import type { Pump } from "./pump.ts";
import { connectSource, streamSlot } from "./replication-connection.ts";
import type { ReplicationStream } from "./replication-connection.ts";
import { ensurePublication } from "./publication.ts";
import { prepareMirror } from "./session.ts";
import type { MirrorLogger, MirrorTarget } from "./session.ts";
import { readSlotHealth, slotProblems } from "./slot-health.ts";
import type { SlotHealth } from "./slot-health.ts";
import { emptyScratch, removeScratch } from "./table-download.ts";

export interface MirrorOptions extends MirrorTarget {
  /** Where the schemas `raw`, `raw_changes` and `meta` are, in the current catalog of its connections. */
  warehouse: Pick<Warehouse, "dir" | "threads" | "connect">;
  logger: MirrorLogger;
  /** For `lagSeconds`; default the machine's. */
  clock?: () => Date;
  /** DuckDB has given its files up, as after a full disk: nothing can be written until this process is another. Called once. */
  broken?: (error: Error) => void;
}

/** The last time that everything was copied. */
export interface WholeCopy {
  /** RFC 3339 UTC. */
  at: string;
  reason: string;
  tables: number;
  seconds: number;
}

/** What a person who looks after the mirror has to know. */
export interface MirrorCondition {
  /** What of the source is not mirrored, or not now, with what to do. */
  problems: MirrorProblem[];
  /** Null until it was read, and while there is no connection. */
  slot: SlotHealth | null;
  /** While everything is copied. */
  copying: CopyProgress | null;
  /** Rows that were received and are not applied, a long one counted as several. From `mostRows` of them on the source waits. */
  waitingRows: number;
  /** Tables that may not be the source's now: their rows are being read again, or will be next. */
  rereading: string[];
  /** Since this process began; null when it went on where an earlier one stopped. */
  lastCopy: WholeCopy | null;
}

/**
 * Keeps `raw.*` equal to the tables of a Postgres schema, and every version of their rows in `raw_changes.*`, by logical replication.
 * Effectively once: the applied position is written in the DuckDB transaction of the rows, and only what is durable is acknowledged.
 */
export interface Mirror {
  /**
   * Connects, copies what has to be copied, and streams from then on, through lost connections, until `stop`.
   * Rejects when the first attempt fails: no such schema, `wal_level` not logical, no right to publish, no table that can be read.
   */
  start(): Promise<void>;
  /** Ends the stream after what is being applied; what was not applied comes again at the next start. */
  stop(): Promise<void>;
  /** Null before the first copy. */
  applied(): Applied | null;
  /** Called after every commit, and with no tables when only position or time moved. Returns the function that ends it. */
  onApplied(listener: (event: AppliedEvent) => void): () => void;
  /** Resolves when `lsn` is applied; rejects after `timeoutMs`. */
  waitFor(lsn: string, timeoutMs: number): Promise<void>;
  /** Seconds between now and the time to which the mirror is known to be complete; null before the first copy. */
  lagSeconds(): number | null;
  /**
   * Stands still with exactly the transactions that committed before `lsn` applied. Returns the function that lets it go on. Rejects with a `PassedError` when
   * others are applied already.
   */
  holdAt(lsn: string): Promise<() => void>;
  /** Runs `work` on the mirror's own connection between two of its transactions; meanwhile nothing is applied. Rejects without a connection to the source. */
  between<Result>(work: (connection: DuckDBConnection) => Promise<Result>): Promise<Result>;
  /** Resolves when the source's tables, as they are now, have been followed, with those read again that had to be; rejects without a connection for so long. */
  settle(timeoutMs?: number): Promise<void>;
  condition(): MirrorCondition;
}

const batchMs = 100;
const checkMs = 1_000;
const catalogMs = 5_000;
const settleMs = 30_000;
const firstRetryMs = 200;
const longestRetryMs = 5_000;
/** Rows waiting in memory at which the socket is paused. */
const mostRows = 50_000;

interface Session {
  client: Client;
  pump: Pump;
  inbox: Inbox;
  stream: ReplicationStream;
}

export function createMirror(options: MirrorOptions): Mirror {
  const { logger, warehouse, clock = () => new Date() } = options;
  const target: MirrorTarget = {
    sourceUrl: options.sourceUrl,
    schema: options.schema,
    publication: options.publication,
    slot: options.slot,
  };
  const progress = createProgress();
  const stopping = new AbortController();
  let connection: DuckDBConnection | undefined;
  let session: Session | undefined;
  let running: Promise<void> | undefined;
  let wake = (): void => {};
  let failure: Error | undefined;
  let due = false;
  const faults = createFaults();
  const refused = new Set<string>();
  let catalogProblems: MirrorProblem[] = [];
  let copying: CopyProgress | null = null;
  let lastCopy: WholeCopy | null = null;
  let slot: SlotHealth | null = null;
  let disconnected: string | null = null;
  let isBroken = false;

  const wakeUp = (): void => {
    due = true;
    wake();
  };
  const fail = (error: Error | undefined): void => {
    failure ??= error;
    wakeUp();
  };

  async function openSession(store: DuckDBConnection): Promise<Session> {
    failure = undefined;
    const client = await connectSource(target.sourceUrl);
    try {
      const publication = await ensurePublication(client, target.publication, target.schema);
      const dir = await emptyScratch(warehouse.dir, target.slot);
      const started = performance.now();
      const preparation = {
        client,
        connection: store,
        connect: warehouse.connect,
        threads: warehouse.threads,
        dir,
        publication,
        refused,
        faults,
        logger,
      };
      const { tables, state, copied, reason } = await prepareMirror(target, {
        ...preparation,
        copying: (now) => (copying = now),
      });
      if (reason !== null) {
        const seconds = Math.round((performance.now() - started) / 100) / 10;
        lastCopy = { at: clock().toISOString(), reason, tables: copied.length, seconds };
      }
      const from = parseLsn(state.lsn);
      const inbox = createInbox(from, wakeUp);
      let stream: ReplicationStream | undefined;
      const acknowledge = (lsn: Lsn): void => stream?.acknowledge(lsn);
      const found = (problems: MirrorProblem[]): void => void (catalogProblems = problems);
      const pump = createPump({ target, ...preparation, inbox, tables, progress, acknowledge, found, wake: wakeUp });
      stream = await streamSlot(
        target.sourceUrl,
        { slot: target.slot, publication: target.publication, from },
        {
          message: (bytes) => {
            inbox.message(bytes);
            if (inbox.rowCount > mostRows) stream?.pause();
            if (inbox.rowCount > mostRows / 2) wakeUp();
          },
          keepalive: inbox.keepalive,
          ended: fail,
        },
      );
      disconnected = null;
      pump.lookAtCatalog();
      wakeUp();
      if (copied.length > 0 || progress.current() === null) progress.advance(from, state.at, copied);
      return { client, pump, inbox, stream };
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  async function closeSession({ client, pump, stream }: Session): Promise<void> {
    try {
      await stream.close();
      await pump.abort();
    } finally {
      await client.end();
    }
  }

  /** Learns where the log ends now, so that a quiet source is known to be mirrored, and the lag is not that of its last write. */
  async function check({ client }: Session): Promise<void> {
    const { rows } = await client.query<{ at: Date; lsn: string }>(
      "select clock_timestamp() as at, pg_current_wal_insert_lsn()::text as lsn",
    );
    progress.checked(parseLsn(rows[0]!.lsn), rows[0]!.at.toISOString());
  }

  async function pumpUntilEnd(current: Session): Promise<void> {
    let checking = Promise.resolve();
    const checks = setInterval(() => {
      checking = checking.then(() => check(current)).catch(fail);
    }, checkMs);
    const catalogLooks = setInterval(() => {
      current.pump.lookAtCatalog();
      wakeUp();
      checking = checking.then(async () => void (slot = await readSlotHealth(current.client, target.slot))).catch(fail);
    }, catalogMs);
    try {
      for (;;) {
        if (!due) await new Promise<void>((resolve) => (wake = resolve));
        if (stopping.signal.aborted) return;
        if (failure) throw failure;
        due = false;
        const started = performance.now();
        await current.pump.drain();
        if (current.inbox.rowCount < mostRows) current.stream.resume();
        // Changes that come close together share a transaction; the first after a pause is applied at once.
        const rest = batchMs - (performance.now() - started);
        if (rest > 0) await delay(rest, undefined, { signal: stopping.signal }).catch(() => {});
      }
    } finally {
      clearInterval(checks);
      clearInterval(catalogLooks);
      await checking;
    }
  }

  /** DuckDB refuses everything after an error that may have left a file half written; only a new process finds out what is in it. */
  function lostFiles(error: Error): void {
    const words = `${error.message} ${String((error.cause as Error | undefined)?.message ?? "")}`;
    if (isBroken || !/database has been invalidated|FATAL Error/.test(words)) return;
    isBroken = true;
    logger.error({ err: error }, "DuckDB has given up its files");
    options.broken?.(error);
  }

  async function run(store: DuckDBConnection, first: Session): Promise<void> {
    let retryMs = firstRetryMs;
    session = first;
    while (!stopping.signal.aborted) {
      try {
        session ??= await openSession(store);
        const reachedBefore = progress.current()?.lsn;
        try {
          await pumpUntilEnd(session);
        } finally {
          const ended = session;
          session = undefined;
          await closeSession(ended);
          if (progress.current()?.lsn !== reachedBefore) retryMs = firstRetryMs;
        }
      } catch (error) {
        if (stopping.signal.aborted) return;
        slot = null;
        if (error instanceof TableFault) {
          logger.error({ err: error, table: error.table }, "a table is copied again; the others go on where they were");
          faults.note(error.table, error.message);
          await suspendTable(store, error.table).catch(lostFiles);
          continue;
        }
        disconnected = (error as Error).message;
        lostFiles(error as Error);
        logger.error({ err: error, retryMs }, "the mirror lost its source and connects again");
        await delay(retryMs, undefined, { signal: stopping.signal }).catch(() => {});
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
  }

  return {
    async start() {
      connection = await warehouse.connect();
      await prepareStore(connection);
      const first = await openSession(connection);
      running = run(connection, first);
    },
    async stop() {
      stopping.abort();
      wakeUp();
      await running;
      await removeScratch(warehouse.dir, target.slot);
      connection?.closeSync();
      connection = undefined;
    },
    applied: progress.current,
    onApplied: progress.onApplied,
    waitFor: progress.waitFor,
    lagSeconds() {
      const applied = progress.current();
      return applied ? Math.max(0, (clock().getTime() - Date.parse(applied.at)) / 1000) : null;
    },
    between(work) {
      const current = session;
      if (!current) return Promise.reject(new Error(disconnected ?? "the mirror is not connected to its source"));
      return new Promise((resolve, reject) => {
        current.pump.send({ run: (store) => work(store).then(resolve, reject), lost: reject });
        wakeUp();
      });
    },
    async settle(timeoutMs = settleMs) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        try {
          if (!session) throw new Error(disconnected ?? "the mirror is not connected to its source");
          const settled = session.pump.settle();
          wakeUp();
          return await settled;
        } catch (error) {
          // A connection that ended takes the question with it; the next one answers it.
          if (stopping.signal.aborted || performance.now() > deadline) throw error;
          await delay(firstRetryMs, undefined, { signal: stopping.signal }).catch(() => {});
        }
      }
    },
    condition() {
      const problems = [...faults.problems(), ...catalogProblems, ...slotProblems(target.slot, slot)];
      if (disconnected !== null) {
        problems.unshift(problemOf("disconnected", null, { detail: disconnected }));
      }
      const rereading = session?.pump.rereading() ?? [];
      return { problems, slot, copying, waitingRows: session?.inbox.rowCount ?? 0, rereading, lastCopy };
    },
    holdAt(lsn) {
      const current = session;
      if (!current) return Promise.reject(new Error("the mirror is not connected to its source"));
      return new Promise((resolve, reject) => {
        const released = Promise.withResolvers<void>();
        current.pump.hold({ lsn: parseLsn(lsn), reached: () => resolve(released.resolve), lost: reject, released: released.promise });
        wakeUp();
      });
    },
  };
}
