/**
 * The process in which one user's SQL is read and run: started with an empty environment, without secrets, for one user only, and ended with the user's
 * copies. What breaks in it, breaks for that user's statements alone.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { openPrivate, type PrivateDatabase } from "./database.ts";
import { refusalOfFailure } from "./engine-error.ts";
import { lowerPriority, sqlPriority } from "./priority.ts";
import { memoryExitCode, type FromWorker, type RequestKind, type Requests, type ToWorker } from "./protocol.ts";
import { bytesAhead, run } from "./run.ts";
import { readStatement } from "./statement.ts";

const watchMs = 100;
/** Node, DuckDB's code and an answer on its way, beside what DuckDB counts. */
const besideMiB = 512;

const databases = new Map<string, { database: PrivateDatabase; memoryMiB: number }>();
const running = new Map<number, DuckDBConnection>();

const send = (message: FromWorker): void => {
  process.send?.(message, undefined, undefined, () => {}); // nobody hears it when the sandbox is gone; then this process ends too
};

// The dashboards' process goes first when both want a processor. Before the first use of a database: its threads begin with the priority that we have then.
lowerPriority(sqlPriority);

/** Reading a hostile text happens here and not in the sandbox itself: a text that breaks the parser ends this process alone. */
const parser = await DuckDBInstance.create(":memory:", {
  threads: "1",
  memory_limit: "256MiB",
  enable_external_access: "false",
  lock_configuration: "true",
});
const parsing = await parser.connect();
const serialize = async (sql: string): Promise<string> =>
  String((await parsing.runAndReadAll("select json_serialize_sql($1::varchar)", [sql])).value(0, 0));

const opened = (key: string): { database: PrivateDatabase; memoryMiB: number } => {
  const found = databases.get(key);
  if (!found) throw new Error(`there is no database ${key}`);
  return found;
};

const handlers: { [Kind in RequestKind]: (ask: Requests[Kind]["ask"], id: number) => Promise<Requests[Kind]["answer"]> } = {
  read: ({ sql }) => readStatement(sql, serialize),
  open: async ({ database, spec }) => {
    await mkdir(spec.spill, { recursive: true, mode: 0o700 });
    databases.set(database, { database: await openPrivate(spec), memoryMiB: spec.memoryMiB });
    return null;
  },
  run: async (ask, id) => {
    const { database, memoryMiB } = opened(ask.database);
    return database.withConnection(async (connection) => {
      running.set(id, connection);
      try {
        return await run(connection, ask);
      } catch (error) {
        if (ask.format !== "json") await rm(ask.file, { force: true });
        throw refusalOfFailure(error, ask.sql, memoryMiB, bytesAhead(ask)) ?? error;
      } finally {
        running.delete(id);
      }
    });
  },
  close: ({ database }) => {
    opened(database).database.close();
    databases.delete(database);
    return Promise.resolve(null);
  },
};

const answer = async <Kind extends RequestKind>(id: number, kind: Kind, ask: Requests[Kind]["ask"]): Promise<void> => {
  try {
    send({ id, answer: await handlers[kind](ask, id) });
  } catch (error) {
    const refusal = refusalOfFailure(error, "sql" in ask ? ask.sql : "", 0);
    send(
      refusal ? { id, refusal: refusal.details } : { id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) },
    );
  }
};

process.on("message", (message: ToWorker) => {
  if (message.kind === "interrupt") running.get(message.id)?.interrupt();
  else void answer(message.id, message.kind, message.ask as never);
});
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group; the sandbox decides

// The kernel takes this one first when memory runs out.
await writeFile("/proc/self/oom_score_adj", "800").catch((error: NodeJS.ErrnoException) => {
  if (error.code !== "ENOENT" && error.code !== "EACCES") throw error; // not Linux, or not allowed: DuckDB's limit and the watch below remain
});
setInterval(() => {
  const allowed = besideMiB + [...databases.values()].reduce((sum, { memoryMiB }) => sum + memoryMiB, 0);
  if (process.memoryUsage.rss() > allowed * 2 ** 20) process.exit(memoryExitCode);
}, watchMs).unref();

send({ kind: "started" });
