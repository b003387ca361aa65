/** The sandbox's side of a worker: asks it, interrupts it, ends it. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { memoryExitCode, type FromWorker, type RequestKind, type Requests, type ToWorker } from "./protocol.ts";
import { SqlRefusal } from "./refusal.ts";

const program = fileURLToPath(new URL("./worker.ts", import.meta.url));
/** A statement that is interrupted ends within milliseconds; between two interrupts it may have been between two steps. */
const interruptEveryMs = 200;
const killAfterMs = 3_000;

export interface WorkerProcess {
  /** Resolves when it has started; rejects when it ended before. */
  ready: Promise<void>;
  pid: number | undefined;
  /**
   * Throws SqlRefusal for what the worker refuses, and when it ends meanwhile. When `signal` is aborted the request is interrupted, and the process killed
   * if that does not help; then its reason is thrown.
   */
  ask<Kind extends RequestKind>(kind: Kind, ask: Requests[Kind]["ask"], signal?: AbortSignal): Promise<Requests[Kind]["answer"]>;
  /** Whether it can be asked. */
  isAlive(): boolean;
  kill(): void;
  /** Resolves when it has ended, however. */
  ended: Promise<void>;
}

interface Pending {
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
}

export const startWorker = (options: { memoryMiB: () => number }): WorkerProcess => {
  // Nothing of our environment: no secret and no address of a database is in the process that runs foreign SQL.
  const child: ChildProcess = fork(program, [], {
    env: { UV_THREADPOOL_SIZE: "8", NODE_ENV: "production" },
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let alive = true;
  let markReady = (): void => {};
  let markFailed = (_error: Error): void => {};
  const ready = new Promise<void>((resolve, reject) => {
    markReady = resolve;
    markFailed = reject;
  });
  ready.catch(() => {}); // whoever asks gets the failure
  const send = (message: ToWorker): void => {
    if (child.connected) child.send(message, () => {}); // one that is just ending answers by ending
  };

  child.on("message", (message: FromWorker) => {
    if ("kind" in message) return markReady();
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (!waiting) return;
    if ("answer" in message) waiting.resolve(message.answer as never);
    else waiting.reject("refusal" in message ? new SqlRefusal(message.refusal) : new Error(message.failure));
  });
  const ended = new Promise<void>((resolve) => {
    const end = (code: number | null): void => {
      alive = false;
      const reason = new SqlRefusal(code === memoryExitCode ? outgrown(options.memoryMiB()) : broken);
      markFailed(reason);
      for (const waiting of pending.values()) waiting.reject(reason);
      pending.clear();
      resolve();
    };
    child.once("exit", end);
    child.once("error", () => end(null));
  });

  const ask: WorkerProcess["ask"] = (kind, ask, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (!alive) return reject(new SqlRefusal(broken));
      const id = ++lastId;
      let interrupting: NodeJS.Timeout | undefined;
      let killing: NodeJS.Timeout | undefined;
      const interrupt = (): void => {
        send({ kind: "interrupt", id });
        interrupting = setInterval(() => send({ kind: "interrupt", id }), interruptEveryMs);
        killing = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
      };
      const settle = (): void => {
        clearInterval(interrupting);
        clearTimeout(killing);
        signal?.removeEventListener("abort", interrupt);
      };
      signal?.addEventListener("abort", interrupt, { once: true });
      pending.set(id, {
        resolve: (answer) => {
          settle();
          resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(signal?.aborted ? (signal.reason as Error) : error);
        },
      });
      send({ kind, id, ask } as ToWorker);
    });

  return { ready, pid: child.pid, ask, isAlive: () => alive, kill: () => void child.kill("SIGKILL"), ended };
};

const broken = {
  status: 503,
  message:
    "The process that ran your SQL ended; only your own statements are affected. Try again, and when it ends again, ask for less at a time",
} as const;

const outgrown = (memoryMiB: number) =>
  ({
    status: 422,
    message: `The statement outgrew its memory (${memoryMiB} MB) and was ended; nobody else is affected. Name only the columns you need, filter before joining, and do not build very long texts or lists`,
  }) as const;
