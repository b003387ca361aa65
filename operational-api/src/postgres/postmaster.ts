/** The server process: starting, finding the one a killed parent left behind, stopping. */

import { execFileSync, spawn } from "node:child_process";
import { closeSync, fchownSync, openSync, readFileSync } from "node:fs";
import { open, readFile, rm, stat } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { serverEnvironment } from "./cluster.ts";
import type { ServerAccount } from "./placement.ts";

/** Settings beside Postgres's defaults. The defaults that make commits durable (fsync, full_page_writes, synchronous_commit) stay. */
const settings: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  wal_level: "logical",
  max_replication_slots: "40",
  max_wal_senders: "40",
  // A mirror that stands still must not fill the disk: past this its slot is given up, and the mirror copies everything again and says so.
  max_slot_wal_keep_size: "16GB",
  max_connections: "200",
  shared_buffers: "128MB",
  // A segment kept for later use keeps what was logged in it: what is erased would stay in a file.
  wal_recycle: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // The log is no place for people's data: statements and the DETAIL of a violated key hold it.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
};

const logBytesKept = 10_000_000;
const startTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;

const hasPid = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Whether the process runs. A zombie does not: in a container whose first process reaps nothing, an orphan stays one for ever. */
export const alive = (pid: number): boolean => {
  if (!hasPid(pid)) return false;
  if (process.platform !== "linux") return true;
  try {
    // `9100 (postgres) S 1 …`; the name may hold anything, so the state is what follows the last parenthesis.
    return !/\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false; // gone between the two looks
  }
};

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export const serverArguments = (cluster: string, port: number): string[] => [
  "-D",
  cluster,
  "-p",
  String(port),
  ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
];

export interface PidFile {
  pid: number;
  port: number;
  status: string;
}

/** `postmaster.pid`, or null when there is none. */
export async function readPidFile(cluster: string): Promise<PidFile | null> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, port: Number(lines[3] ?? 0), status: (lines[7] ?? "").trim() } : null;
}

/** The command line of a process, or null when it is gone. */
async function commandLine(pid: number): Promise<string[] | null> {
  if (process.platform === "linux") {
    const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return text ? text.split("\0").slice(0, -1) : null;
  }
  try {
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .split(" ");
  } catch {
    return null; // ps answers 1 for a process that is gone
  }
}

/**
 * The running server of this cluster: `wanted` when it runs with today's settings, `other` when it must be replaced, `null` when none runs.
 * A pid file that names a zombie or a process of somebody else (the pid was used again) is removed: Postgres would refuse to start because of it.
 */
export async function findRunning(cluster: string): Promise<{ pid: number; port: number; wanted: boolean } | null> {
  const file = await readPidFile(cluster);
  if (!file || !hasPid(file.pid)) return null; // Postgres itself handles a stale file, and checks for backends that outlived their postmaster
  const command = await commandLine(file.pid);
  const directory = command?.indexOf("-D") ?? -1;
  if (!command || directory < 0 || command[directory + 1] !== cluster) {
    await rm(join(cluster, "postmaster.pid"), { force: true });
    return null;
  }
  return { pid: file.pid, port: file.port, wanted: command.slice(1).join("\0") === serverArguments(cluster, file.port).join("\0") };
}

/** Waits until the server of this pid accepts connections; false when it ended before. */
export async function waitUntilReady(cluster: string, pid: number): Promise<boolean> {
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    const file = await readPidFile(cluster);
    if (file?.pid === pid && file.status === "ready") return true;
    if (!alive(pid)) return false;
    await pause(10);
  }
  throw new Error(
    `Postgres (pid ${pid}) did not become ready within ${startTimeoutMs / 1000} s; its log is beside the data directory's runtime.json`,
  );
}

export type StartFailure = "port" | "shared-memory" | "other";

/** Starts a server that outlives us if need be; on failure says why, with the server's own words. */
export async function launch(options: {
  program: string;
  cluster: string;
  account: ServerAccount;
  port: number;
  logFile: string;
}): Promise<{ pid: number } | { failure: StartFailure; words: string }> {
  const { program, cluster, account, port, logFile } = options;
  const size = await stat(logFile).then(
    (file) => file.size,
    () => 0,
  );
  if (size > logBytesKept) await rm(logFile);
  const from = size > logBytesKept ? 0 : size;
  // A file, not a pipe: the server must not trip over a closed pipe when this process is killed.
  const log = openSync(logFile, "a", 0o600);
  if (account) fchownSync(log, account.uid, account.gid); // who may be the one to start it next time
  // A session of its own: Ctrl-C in the terminal is for us, we stop the server after those who use it.
  const child = spawn(program, serverArguments(cluster, port), {
    cwd: "/",
    env: serverEnvironment,
    stdio: ["ignore", log, log],
    detached: true,
    ...account,
  });
  closeSync(log);
  const failed = new Promise<Error>((resolve) => child.once("error", resolve));
  const { pid } = child;
  if (pid === undefined) throw await failed;
  child.unref();
  if (await waitUntilReady(cluster, pid)) return { pid };
  const words = await readFrom(logFile, from);
  if (/could not bind|could not create any TCP/i.test(words)) return { failure: "port", words };
  return { failure: /shared memory block.*still in use/i.test(words) ? "shared-memory" : "other", words };
}

async function readFrom(path: string, offset: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(8192), position: offset });
    return buffer.subarray(0, bytesRead).toString().trim();
  } finally {
    await file.close();
  }
}

/** Fast shutdown: open transactions are rolled back, data is checkpointed. Resolves when the process is gone. */
export async function stopServer(pid: number): Promise<void> {
  const deadline = performance.now() + stopTimeoutMs;
  if (alive(pid)) process.kill(pid, "SIGINT");
  while (alive(pid)) {
    if (performance.now() > deadline) throw new Error(`Postgres (pid ${pid}) did not stop within ${stopTimeoutMs / 1000} s`);
    await pause(10);
  }
}

/** Looks twice a second: an adopted server is no child of ours whose exit we would be told. */
export const untilGone = (pid: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setInterval(() => {
      if (alive(pid)) return;
      clearInterval(timer);
      resolve();
    }, 500).unref();
  });
