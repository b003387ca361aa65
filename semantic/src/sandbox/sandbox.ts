/** Ad-hoc SQL under one caller's scope: read -> policy -> private database -> run. Knows nothing of HTTP. */
import { randomUUID } from "node:crypto";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { SnapshotPointer } from "@kehu/ingest";
import { nearest } from "../nearest.ts";
import { rightsOf, type CallerScope, type Purpose } from "../policy.ts";
import { createReader, type ErrorLog, type SnapshotSource } from "../reader.ts";
import { SizedCache } from "../sized-cache.ts";
import type { Snapshot } from "../snapshot.ts";
import { createDesks } from "./desks.ts";
import type { Desk } from "./desk.ts";
import { limitsOf, type SqlLimits } from "./limits.ts";
import type { Format, ResultColumn } from "./protocol.ts";
import { positionOf, SqlRefusal } from "./refusal.ts";
import { readShownColumns } from "./schema.ts";
import type { Statement, TableRead } from "./statement.ts";
import { createTurns } from "./turns.ts";
import type { Parameters } from "./values.ts";

export interface SqlCaller {
  userId: string;
  roles: readonly string[];
  scope: CallerScope;
}

export interface SqlRequest {
  /** Names the running statement, to cancel it. */
  id: string;
  sql: string;
  parameters: Parameters;
  format: Format;
  /** Rows of a JSON answer; at most what the role allows, which is also the default. */
  limit?: number;
  /** Answer from a snapshot that states this position, when one comes within the time. */
  waitFor?: string;
}

export interface SqlAnswer {
  id: string;
  columns: ResultColumn[];
  /** Sent, or in the file. */
  rows: number;
  /** All there are; null when more than were counted. */
  total: number | null;
  /** Lower-case names of the marts read. */
  tables: string[];
  pointer: SnapshotPointer;
  /** RFC 3339 UTC, of the least fresh mart read. */
  freshTo: string;
  /** Of the marts read, those of which a data test fails in this build. */
  failedTests: string[];
  milliseconds: number;
  /** A JSON array of arrays; null for files. */
  json: Uint8Array | null;
  /** Of files, to be read once and then closed; it has no name any more. Null for JSON. */
  file: FileHandle | null;
}

export interface SqlSandbox {
  /** Throws SqlRefusal; anything else is our failure. */
  run(caller: SqlCaller, request: SqlRequest, signal: AbortSignal): Promise<SqlAnswer>;
  /** Whether such a statement of the caller's was running. */
  cancel(caller: SqlCaller, id: string): boolean;
  limits(caller: SqlCaller): SqlLimits;
  /** Uses the snapshot that answers now. */
  use<T>(work: (opened: { pointer: SnapshotPointer; snapshot: Snapshot }) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface SqlSandboxOptions {
  snapshots: SnapshotSource;
  /** A folder of this process alone: spilled rows and files on their way. */
  folder: string;
  /** All processes together. */
  memoryMiB: number;
  threads: number;
  logger: ErrorLog;
  /** By role; `limitsOf` unless told otherwise. */
  limitsOf?: (roles: readonly string[]) => SqlLimits;
  /** Statements of all users that run at a time, and how long the next one waits for one of them to end. */
  crowd?: { atOnce: number; waitSeconds: number };
}

/** Processes at a time; each gets an equal part of the memory, so that none depends on what the others do. */
const places = 10;
/** More would only make each slower. Those that run share the processors, so that a short statement does not wait for the long ones to end. */
const defaultCrowd = { atOnce: 2 * places, waitSeconds: 30 };
const leastMiB = 128;
const spillMiB = 4_096;
const waitForMs = 10_000;

const cancelled = (): SqlRefusal => new SqlRefusal({ status: 499, message: "The statement was cancelled" });

export const createSqlSandbox = (options: SqlSandboxOptions): SqlSandbox => {
  const reader = createReader(options.snapshots, { memoryLimit: "256MB", threads: 1 }, options.logger);
  const desks = createDesks({ folder: options.folder, places });
  const crowd = options.crowd ?? defaultCrowd;
  const turns = createTurns(crowd.atOnce);
  const running = new Map<string, { userId: string; cancel: () => void }>();
  const statements = new SizedCache<Statement>(8 * 2 ** 20);
  const stop = options.snapshots.onChange(() => {
    void reader
      .use(({ snapshot, pointer }) => {
        for (const desk of desks.idle()) desk.dropOutdated(snapshot, pointer);
        return Promise.resolve();
      })
      .catch((error: unknown) => options.logger.error({ err: error }, "outdated copies stay until their users' next statement"));
  });

  const limitsFor = (caller: SqlCaller): SqlLimits => {
    const limits = (options.limitsOf ?? limitsOf)(caller.roles);
    const share = Math.max(leastMiB, Math.floor(options.memoryMiB / places));
    return { ...limits, memoryMiB: Math.min(limits.memoryMiB, share) };
  };

  const read = async (desk: Desk, sql: string, signal: AbortSignal): Promise<Statement> => {
    const known = statements.get(sql);
    if (known) return known;
    const statement = await desk.worker.ask("read", { sql }, signal);
    statements.set(sql, statement, sql.length * 2 + 200);
    return statement;
  };

  const runAt = async (desk: Desk, caller: SqlCaller, request: SqlRequest, limits: SqlLimits, signal: AbortSignal): Promise<SqlAnswer> => {
    const startedAt = performance.now();
    const { sql, format } = request;
    const { tables, isExplain } = await read(desk, sql, signal);
    if (isExplain && format !== "json") throw new SqlRefusal({ status: 422, message: "EXPLAIN answers as json only" });
    const purpose: Purpose = format === "json" ? "read" : "export";
    const { held, pointer, ...trust } = await reader.use(async ({ pointer, snapshot }) => {
      const marts = allowed(tables, sql, caller.scope, purpose, snapshot);
      return {
        held: await desk.hold({ snapshot, pointer, scope: caller.scope, purpose, marts }, signal),
        pointer,
        freshTo: leastFresh([pointer.freshTo, ...marts.flatMap((mart) => snapshot.freshTo.get(mart) ?? [])]),
        failedTests: marts.filter((mart) => snapshot.failing.has(mart)),
      };
    });
    try {
      const file = format === "json" ? "" : join(held.folder, `${randomUUID()}.${format}`);
      const rows = format === "json" ? Math.min(request.limit ?? limits.rows, limits.rows) : limits.exportRows;
      const about = aboutLines(sql, pointer, trust.freshTo, tables);
      const ask = { database: held.database, sql, parameters: request.parameters, format, rows, file, about };
      const result = await desk.worker
        .ask("run", ask, signal)
        .catch(async (error: unknown) =>
          Promise.reject(await reader.use(({ snapshot }) => unlessHidden(error, tables, caller.scope, snapshot))),
        );
      return {
        ...trust,
        ...result,
        id: request.id,
        tables: tables.map(({ name }) => name),
        pointer,
        milliseconds: Math.round(performance.now() - startedAt),
        file: format === "json" ? null : await openAndForget(file),
      };
    } finally {
      held.release();
    }
  };

  return {
    run: async (caller, request, signal) => {
      const limits = limitsFor(caller);
      const own = [...running.values()].filter(({ userId }) => userId === caller.userId).length;
      if (own >= limits.statements)
        throw new SqlRefusal({ status: 429, message: `You are already running ${own} statements; wait for one to end, or cancel it` });
      if (running.has(request.id))
        throw new SqlRefusal({ status: 422, message: `A statement with the id ${request.id} is running; send another id` });
      const ended = new AbortController();
      const end = (reason: SqlRefusal): void => ended.abort(reason);
      const gone = (): void => end(cancelled());
      let timer: NodeJS.Timeout | undefined;
      let giveBack = (): void => {};
      signal.addEventListener("abort", gone, { once: true });
      if (signal.aborted) gone();
      running.set(request.id, { userId: caller.userId, cancel: gone });
      try {
        if (request.waitFor !== undefined) await reader.waitFor(request.waitFor, waitForMs);
        timer = setTimeout(() => end(crowded(crowd)), crowd.waitSeconds * 1000);
        giveBack = await turns.take(caller.userId, ended.signal);
        const user = {
          id: caller.userId,
          rights: rightsOf(caller.scope),
          limits: { memoryMiB: limits.memoryMiB, threads: options.threads, spillMiB },
        };
        return await desks.with(user, ended.signal, (desk) => {
          clearTimeout(timer);
          timer = setTimeout(() => end(slow(limits)), limits.seconds * 1000);
          return runAt(desk, caller, request, limits, ended.signal);
        });
      } finally {
        giveBack();
        clearTimeout(timer);
        signal.removeEventListener("abort", gone);
        running.delete(request.id);
      }
    },
    cancel: (caller, id) => {
      const found = running.get(id);
      if (found?.userId !== caller.userId) return false;
      found.cancel();
      return true;
    },
    limits: limitsFor,
    use: (work) => reader.use(work),
    close: async () => {
      stop();
      for (const { cancel } of running.values()) cancel();
      await desks.close();
      await reader.close();
    },
  };
};

/** A file that is read only through what is returned: it is gone with it, also when this process is. */
const openAndForget = async (path: string): Promise<FileHandle> => {
  const handle = await open(path, "r");
  await unlink(path);
  return handle;
};

const slow = ({ seconds }: SqlLimits): SqlRefusal =>
  new SqlRefusal({
    status: 422,
    message: `The statement did not end within your ${seconds} seconds and was ended. Restrict it to a period or to fewer columns, group earlier, or try it with LIMIT first`,
  });

const crowded = ({ atOnce, waitSeconds }: NonNullable<SqlSandboxOptions["crowd"]>): SqlRefusal =>
  new SqlRefusal({
    status: 503,
    message: `Many people are running statements now (${atOnce} run at a time, of up to ${places} people), and yours waited ${waitSeconds} seconds for its turn. Nothing is wrong with it; try again in a minute`,
  });

/** The marts a statement reads. Throws 403 for one that is not the caller's, whether it exists or not. */
const allowed = (tables: readonly TableRead[], sql: string, scope: CallerScope, purpose: Purpose, snapshot: Snapshot): string[] => {
  const readable = snapshot.viewsOf(scope, "read");
  const granted = snapshot.viewsOf(scope, purpose);
  for (const { name, byte } of tables) {
    const position = positionOf(sql, byte);
    if (!readable.has(name))
      throw new SqlRefusal({
        status: 403,
        message: `There is no table ${name} that you may read`,
        ...(position ? { position } : {}),
        suggestions: nearest(name, [...readable.keys()]),
      });
    if (!granted.has(name))
      throw new SqlRefusal({
        status: 403,
        message: `You may read ${name} but not export it; ask for json, or for the right to export`,
        ...(position ? { position } : {}),
      });
  }
  return tables.map(({ name }) => name);
};

/** What to throw for a failure: 403 that names the column when the table has it and the caller is not shown it. Says so whatever is in it. */
const unlessHidden = async (failure: unknown, tables: readonly TableRead[], scope: CallerScope, snapshot: Snapshot): Promise<unknown> => {
  const named = failure instanceof SqlRefusal ? failure.details.unknownColumn?.toLowerCase() : undefined;
  if (named === undefined) return failure;
  const having = tables.filter(({ name }) => snapshot.marts.get(name)?.columns?.some((column) => column.name.toLowerCase() === named));
  if (having.length === 0) return failure;
  const shown = await readShownColumns(snapshot, scope);
  const hiding = having.find(({ name }) => !shown.get(name)?.has(named));
  if (!hiding) return failure;
  const { position } = (failure as SqlRefusal).details;
  const message = `The column ${named} of ${hiding.name} is not shown to you, so a statement of yours can't name it`;
  return new SqlRefusal({ status: 403, message, ...(position ? { position } : {}) }, { cause: failure });
};

const leastFresh = (times: readonly string[]): string =>
  times.reduce((oldest, time) => (Date.parse(time) < Date.parse(oldest) ? time : oldest));

const aboutLines = (sql: string, pointer: SnapshotPointer, freshTo: string, tables: readonly TableRead[]): [string, string][] => [
  ["SQL", sql],
  ["数据截至 / Fresh to", freshTo],
  ["构建 / Build", `${pointer.build} (${pointer.lsn})`],
  ["表 / Tables", tables.map(({ name }) => name).join(", ")],
  ["时间 / Times", "UTC"],
];
