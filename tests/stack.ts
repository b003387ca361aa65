import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holderOf } from "../kehu/data-dir-lock.ts";
import { startPostgres } from "../operational-api/src/postgres/index.ts";

const root = join(import.meta.dirname, "..");

export interface Stack {
  url: string;
  dataDir: string;
  process: ChildProcess;
  /** Everything printed so far, both channels. */
  output: () => string;
  /** Milliseconds from the start of the process until /healthz answered 200. */
  startedInMs: number;
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port"))));
    });
  });

/** Asks until `check` answers something else than null or undefined; fails with what was last seen. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | null | undefined>,
  timeoutMs = 30_000,
  everyMs = 50,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await check();
      if (found !== null && found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`${what} did not happen within ${timeoutMs} ms`, { cause: last });
}

/** An LSN as a number. */
export const position = (lsn: string): bigint => {
  const [high = "", low = ""] = lsn.split("/");
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
};

/** The position that the published snapshot states; 0 before there is one. */
export async function statedPosition({ url }: Pick<Stack, "url">): Promise<bigint> {
  const [stated = "0/0"] = ((await fetch(`${url}/healthz`)).headers.get("kehu-fresh") ?? "0/0").split(" ");
  return position(stated);
}

/** Waits until the published snapshot states `lsn`, the `Kehu-Commit` of a write. */
export const untilFresh = (stack: Pick<Stack, "url">, lsn: string, timeoutMs = 60_000): Promise<true> =>
  eventually(`a snapshot that states ${lsn}`, async () => ((await statedPosition(stack)) >= position(lsn) ? true : null), timeoutMs, 20);

/** Ends the Kehu that runs on a data dir, and the Postgres in it, which outlives a Kehu that was killed. Does nothing where there is none. */
export async function stopWhatRunsIn(dataDir: string): Promise<void> {
  if (!existsSync(join(dataDir, "runtime.json"))) return;
  const holder = await holderOf(dataDir);
  if (holder) {
    process.kill(Number(holder), "SIGTERM");
    await eventually(`the end of process ${holder}`, async () => ((await holderOf(dataDir)) === holder ? null : true));
  }
  await (await startPostgres({ dataDir })).stop();
}

/** `kehu start` as a user runs it, on a free port and a data dir of its own (or the given one), until it answers. */
export async function startStack(options: { dataDir?: string; env?: Record<string, string>; readyWithinMs?: number } = {}): Promise<Stack> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "kehu-stack-")));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const startedAt = performance.now();
  let printed = "";
  const child = spawn(process.execPath, [join(root, "kehu.ts"), "start"], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", KEHU_LOG_LEVEL: "warn", ...options.env, PORT: String(port), KEHU_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  // What the supervisor started ends by itself, and may still write a moment.
  const discard = async (): Promise<void> => {
    if (!options.dataDir) await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  };
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  try {
    await eventually(
      `${url}/healthz`,
      async () => (hasEnded() || (await fetch(`${url}/healthz`)).ok ? true : null),
      options.readyWithinMs ?? 120_000,
    );
    if (hasEnded()) throw new Error(`kehu start ended with ${child.exitCode ?? child.signalCode}`);
  } catch (error) {
    await kill("SIGKILL");
    await stopWhatRunsIn(dataDir);
    await discard();
    throw new Error(`kehu start did not become ready:\n${printed}`, { cause: error });
  }
  return {
    url,
    dataDir,
    process: child,
    output: () => printed,
    startedInMs: performance.now() - startedAt,
    kill,
    stop: async () => {
      await kill("SIGTERM");
      await discard();
    },
  };
}

export interface Session {
  cookie: string;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  json<T>(path: string, init?: RequestInit): Promise<T>;
  /** One Cube query; throws with the answer's error. */
  load(query: object, headers?: Record<string, string>): Promise<LoadAnswer>;
}

export interface LoadAnswer {
  data: Record<string, string | null>[];
  kehu: { build: string; lsn: string; freshTo: string; marts: string[] };
  total?: number;
  truncated?: boolean;
}

/** Signs in like the portal does and keeps the cookie. */
export async function signIn(stack: Pick<Stack, "url">, email: string, password: string): Promise<Session> {
  const response = await fetch(`${stack.url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: stack.url },
    body: JSON.stringify({ email, password }),
  });
  if (!response.ok) throw new Error(`sign-in of ${email}: ${response.status} ${await response.text()}`);
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const send = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${stack.url}${path}`, {
      ...init,
      headers: { cookie, origin: stack.url, ...(init.body ? { "content-type": "application/json" } : {}), ...init.headers },
    });
  const json = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const answer = await send(path, init);
    if (!answer.ok) throw new Error(`${init?.method ?? "GET"} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return {
    cookie,
    fetch: send,
    json,
    load: (query, headers = {}) => json("/cubejs-api/v1/load", { method: "POST", body: JSON.stringify({ query }), headers }),
  };
}

export interface DemoAccount {
  email: string;
  name: string;
  role: "executive" | "sales_manager" | "sales_rep" | "analyst";
  password: string;
}

/** A session per demo role. */
export async function signInDemo(stack: Pick<Stack, "url">): Promise<Record<DemoAccount["role"], Session>> {
  const accounts = (await (await fetch(`${stack.url}/api/auth/demo-accounts`)).json()) as DemoAccount[];
  const sessions: Partial<Record<DemoAccount["role"], Session>> = {};
  for (const account of accounts) sessions[account.role] ??= await signIn(stack, account.email, account.password);
  for (const role of ["executive", "sales_manager", "sales_rep", "analyst"] as const) {
    if (!sessions[role])
      throw new Error(`no demo account with role ${role}; there are ${accounts.map((account) => account.role).join(", ")}`);
  }
  return sessions as Record<DemoAccount["role"], Session>;
}
