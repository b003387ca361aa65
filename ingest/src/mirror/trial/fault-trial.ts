import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import type { Verification } from "../../verify.ts";
import { mixedSchema } from "./mixed-schema.ts";
import { randomFrom } from "./random.ts";
import type { Random } from "./random.ts";
import { randomTransaction } from "./random-statements.ts";
import { startTornProxy } from "./torn-proxy.ts";
import type { TornProxy } from "./torn-proxy.ts";

/** The Postgres of a trial, which may be killed. */
export interface TrialServer {
  readonly url: string;
  /** SIGKILL, then the same cluster again. */
  killAndStart(): Promise<void>;
}

export type Fault = "mirror" | "connection" | "disk" | "postgres" | "clock" | "none";

/** The cheap ones more often than those that wait for processes to start. */
const usualFaults: readonly Fault[] = [
  "mirror",
  "connection",
  "clock",
  "postgres",
  "connection",
  "none",
  "disk",
  "connection",
  "mirror",
  "none",
];

export interface FaultTrialOptions {
  server: TrialServer;
  seed: number;
  rounds: number;
  say: (line: string) => void;
  /** What fails, round by round, again from the first after the last. */
  faults?: readonly Fault[];
}

interface Verdict extends Verification {
  error?: string;
  ledger: { logged: number; versions: number; places: number; written: number };
}

const patienceMs = 120_000;
const slot = "kehu_trial";
/** Blocks of 1 KiB beyond the files' present size after which the disk is full. */
const roomOnDisk = 700;
/** Blocks up to which DuckDB's log, a file with the same limit, may be the one that is full; a log as long as a larger file would double it each time. */
const roomForLog = 8 * 1024;

/** A mirror process and what it says. */
class MirrorProcess {
  readonly child: ChildProcess;
  private readonly lines: Interface;
  private words = "";

  constructor(url: string, dir: string, fileBlocks: number | null) {
    const command = [process.execPath, join(import.meta.dirname, "mirror-process.ts"), url, dir, slot];
    if (fileBlocks !== null && fileBlocks > roomForLog) command.push("1MiB");
    // A limit on the size of files is the full disk that needs no right to mount one: a write beyond it fails. Ignored, its signal leaves the error to the writer.
    const limited = fileBlocks === null ? command : ["bash", "-c", `trap '' XFSZ; ulimit -f ${fileBlocks}; exec "$@"`, "bash", ...command];
    this.child = spawn(limited[0]!, limited.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stderr!.on("data", (bytes: Buffer) => (this.words = (this.words + bytes.toString()).slice(-4000)));
    this.child.stdin!.on("error", () => {}); // it was killed; its exit says so
    this.lines = createInterface({ input: this.child.stdout! });
  }

  get said(): string {
    return this.words;
  }

  get isGone(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The next line it prints; null when it ends first. */
  async line(): Promise<string | null> {
    if (this.isGone) return null;
    const end = new AbortController();
    try {
      const timeout = AbortSignal.timeout(patienceMs);
      const line = once(this.lines, "line", { signal: AbortSignal.any([end.signal, timeout]) }).then(([text]) => String(text));
      const gone = once(this.child, "exit", { signal: end.signal }).then(() => null);
      gone.catch(() => {});
      line.catch(() => {});
      return await Promise.race([line, gone]);
    } finally {
      end.abort();
    }
  }

  tell(command: string): void {
    this.child.stdin!.write(`${command}\n`);
  }

  async kill(): Promise<void> {
    if (this.isGone) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await gone;
  }
}

async function connectWriter(server: TrialServer): Promise<Client> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const client = new Client({ connectionString: server.url, options: "-c search_path=crm" });
    client.on("error", () => {}); // learned of by the next query
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      if (performance.now() > deadline) throw error;
      await pause(50);
    }
  }
}

const sizeOf = async (file: string): Promise<number> => {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
};

/**
 * Random transactions on a mixed set of tables while one thing after another fails: the mirror's process is killed, its connection is cut in the middle of a
 * message, its disk is full, Postgres is killed, its clock jumps. After every round each table equals Postgres's, and of the table that nothing alters each
 * version is in the log exactly once. Throws at the first difference. `server` has an empty database.
 */
export async function faultTrial({ server, seed, rounds, say, faults = usualFaults }: FaultTrialOptions): Promise<void> {
  const random = randomFrom(seed);
  const dir = await mkdtemp(join(tmpdir(), "kehu-mirror-trial-"));
  const proxy = await startTornProxy(() => Number(new URL(server.url).port));
  let mirror: MirrorProcess | undefined;
  const proxied = (): string => {
    const url = new URL(server.url);
    url.port = String(proxy.port);
    return url.href;
  };
  const start = async (fileBlocks: number | null = null): Promise<MirrorProcess> => {
    for (let attempt = 1; ; attempt++) {
      const started = new MirrorProcess(proxied(), dir, fileBlocks);
      // With a full disk it may not even start.
      if ((await started.line()) === "started" || fileBlocks !== null) return started;
      await started.kill();
      if (attempt === 3) throw new Error(`the mirror does not start: ${started.said}`);
    }
  };
  try {
    const founder = await connectWriter(server);
    await founder.query(mixedSchema);
    await founder.end();
    mirror = await start();
    for (let round = 1; round <= rounds; round++) {
      const fault = faults[(round - 1) % faults.length]!;
      const done: string[] = [];
      const strikes: string[] = [];
      mirror = await runRound({ server, random, fault, proxy, mirror, start, dir, done, strikes });
      // It is the stream that is to be torn, and not the comparison.
      proxy.cutIfDue();
      if (mirror.isGone) mirror = await start();
      mirror.tell("verify");
      const answer = await mirror.line();
      const verdict = JSON.parse(answer ?? JSON.stringify({ error: `the mirror ended: ${mirror.said}` })) as Verdict;
      const wrong = wrongWith(verdict);
      if (wrong !== null) throw new Error(`seed ${seed}, round ${round} (${fault}): ${wrong}\n${done.join("\n")}\n${mirror.said}`);
      const rows = verdict.tables.reduce((sum, table) => sum + table.mirroredRows, 0);
      say(
        `round ${round}: ${[fault, ...strikes].join(": ")}, ${done.length} transactions, ${verdict.tables.length} tables and ${rows} rows equal, ${verdict.ledger.written} versions once`,
      );
    }
  } finally {
    await mirror?.kill();
    proxy.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** What is not as it must be; null when all is. */
function wrongWith({ error, differs, problems, ledger }: Verdict): string | null {
  if (error !== undefined) return `verify failed: ${error}`;
  if (differs.length > 0) return `differs: ${JSON.stringify(differs)}`;
  const unexpected = problems.filter(({ code }) => code !== "no_identity");
  if (unexpected.length > 0) return `not mirrored: ${JSON.stringify(unexpected)}`;
  const { logged, versions, places, written } = ledger;
  return logged === written && versions === written && places === written
    ? null
    : `${written} versions were written, ${logged} are logged, ${versions} of them different, at ${places} places`;
}

interface Round {
  server: TrialServer;
  random: Random;
  fault: Fault;
  proxy: TornProxy;
  mirror: MirrorProcess;
  start: (fileBlocks?: number | null) => Promise<MirrorProcess>;
  dir: string;
  /** Takes what was written. */
  done: string[];
  /** Takes what the mirror said of a disk that was full. */
  strikes: string[];
}

/** Writes, with the fault in between; returns the mirror's process, which may be another one now. */
async function runRound({ server, random, fault, proxy, mirror, start, dir, done, strikes }: Round): Promise<MirrorProcess> {
  let writer = await connectWriter(server);
  const write = async (count: number): Promise<void> => {
    for (; count > 0; count--) {
      try {
        done.push(await randomTransaction(writer, random));
      } catch {
        // The server was killed: what it had not committed is gone, and so it is in the mirror.
        await writer.end().catch(() => {});
        writer = await connectWriter(server);
      }
    }
  };
  let current = mirror;
  try {
    await write(1 + random.below(5));
    const waits = random.below(150);
    switch (fault) {
      case "none":
        break;
      case "clock":
        current.tell(`jump ${(random.below(2) === 0 ? -1 : 1) * random.below(400) * 86_400_000}`);
        break;
      case "connection":
        proxy.cutAfter(1 + random.below(20_000));
        break;
      case "mirror": {
        const writing = write(2 + random.below(3));
        await pause(waits);
        await current.kill();
        await writing;
        if (random.below(3) === 0) {
          // Killed again on its way up.
          const second = start();
          await write(1);
          await (await second).kill();
        }
        current = await start();
        break;
      }
      case "postgres": {
        const writing = write(2 + random.below(3));
        await pause(waits);
        await server.killAndStart();
        await writing;
        break;
      }
      case "disk": {
        current.tell("free");
        const free = Number((await current.line()) ?? 0);
        await current.kill();
        const size = await sizeOf(join(dir, "mirror.duckdb"));
        const used = Math.max(size, await sizeOf(join(dir, "mirror.duckdb.wal")));
        const blocks = Math.ceil(used / 1024) + random.below(roomOnDisk);
        // No more than that: the log keeps what fills the disk, so that by all of the file each such round would double it.
        const room = blocks - Math.floor((size - free) / 1024);
        current = await start(blocks);
        await write(2);
        const filler = await connectWriter(server);
        // Until a write has failed: how well rows compress, and what the file's next checkpoint frees, nobody knows beforehand.
        const deadline = performance.now() + patienceMs;
        const failed = (): boolean => current.isGone || current.said !== "";
        const failing = async (): Promise<void> => {
          while (!failed() && performance.now() < deadline) await pause(20);
        };
        while (!failed() && performance.now() < deadline) {
          // Texts that do not compress, in all longer than the room.
          await filler.query(
            `insert into crm.loose select md5(n::text) || md5('a' || n) || md5('b' || n), n, n from generate_series(1, ${room * 12}) as n`,
          );
          await filler.query("delete from crm.loose where length(word) = 96");
          const { rows } = await filler.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
          current.tell(`reach ${rows[0]!.lsn}`);
          const reached = current.line();
          reached.catch(() => {}); // it did not come in time, as the deadline says
          await Promise.race([reached, failing()]);
        }
        await filler.end();
        strikes.push(`${current.said.trim().split("\n").at(-1) ?? ""}${current.isGone ? " (it ended)" : ""}`);
        if (current.said === "" && !current.isGone) throw new Error("no write failed on the full disk: the round proves nothing about it");
        await current.kill();
        current = await start();
        break;
      }
    }
    await write(1 + random.below(4));
  } finally {
    await writer.end().catch(() => {});
  }
  return current;
}
