import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readRuntime, updateRuntime } from "./runtime-file.ts";
import { alive } from "./postmaster.ts";
import { startPostgres, type RunningPostgres } from "./start.ts";

let parent: string;
let dataDir: string;
let running: RunningPostgres[];
const asRoot = process.getuid?.() === 0;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "kehu-postgres-"));
  await chmod(parent, 0o755);
  dataDir = join(parent, "data");
  running = [];
});
afterEach(async () => {
  for (const { stop } of running) await stop();
  const { cluster } = await readRuntime(dataDir);
  if (cluster) await rm(cluster, { recursive: true, force: true });
  await rm(parent, { recursive: true, force: true });
});

const start = async (): Promise<RunningPostgres> => {
  const postgres = await startPostgres({ dataDir });
  running.push(postgres);
  return postgres;
};
const ask = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};
const gone = (pid: number): Promise<void> =>
  expect.poll(() => alive(pid), { timeout: 10_000, interval: 10 }).toBe(false) as unknown as Promise<void>;

describe("a new cluster", () => {
  test("sees Chinese letters, sorts by pinyin, replicates logically, is durable, speaks UTC", async () => {
    const { url, adopted } = await start();
    expect(adopted).toBe(false);
    await ask(url, "create extension pg_trgm");
    const [trigrams] = await ask(url, "select show_trgm('上海张三') as found");
    expect(trigrams?.found).toHaveLength(5);
    const sorted = await ask(url, "select name from unnest(array['张','北','上','安']) as name order by name");
    expect(sorted.map(({ name }) => name)).toEqual(["安", "北", "上", "张"]);
    const settings = ["wal_level", "fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "timezone"];
    const [row] = await ask(url, `select ${settings.map((name) => `current_setting('${name}') as ${name}`).join(", ")}`);
    expect(row).toEqual({
      wal_level: "logical",
      fsync: "on",
      synchronous_commit: "on",
      full_page_writes: "on",
      listen_addresses: "127.0.0.1",
      timezone: "UTC",
    });
  });

  test("lets nobody in without its password, which only its owner can read", async () => {
    const { url } = await start();
    const wrong = new URL(url);
    for (const password of ["wrong", ""]) {
      wrong.password = password;
      await expect(ask(wrong.href, "select 1")).rejects.toThrow(/password/);
    }
    expect((await stat(join(dataDir, "runtime.json"))).mode & 0o777).toBe(0o600);
    expect((await stat((await readRuntime(dataDir)).cluster ?? join(dataDir, "postgres"))).mode & 0o777).toBe(0o700);
  });

  test("begins again after an initdb that was cut short", async () => {
    await mkdir(join(dataDir, "postgres.new", "base"), { recursive: true });
    await writeFile(join(dataDir, "postgres.new", "PG_VERSION"), "18\n");
    await chmod(dataDir, 0o755);
    expect(await ask((await start()).url, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("starting again", () => {
  test("keeps data, password and port; takes another port when that one is taken", async () => {
    const first = await start();
    await ask(first.url, "create table kept as select 1 as one");
    await first.stop();
    expect(alive(first.pid)).toBe(false);
    const second = await start();
    expect(second.url).toBe(first.url);
    await second.stop();

    const { port = 0 } = await readRuntime(dataDir);
    const squatter = createServer().listen(port, "127.0.0.1");
    await once(squatter, "listening");
    try {
      const third = await start();
      expect(new URL(third.url).port).not.toBe(String((squatter.address() as AddressInfo).port));
      expect(await ask(third.url, "select * from kept")).toEqual([{ one: 1 }]);
      expect((await readRuntime(dataDir)).port).toBe(Number(new URL(third.url).port));
    } finally {
      squatter.close();
    }
  });

  test("after kill -9 of the server nothing committed is lost", async () => {
    const first = await start();
    await ask(first.url, "create table kept as select 1 as one");
    process.kill(first.pid, "SIGKILL");
    await first.ended;
    expect(alive(first.pid)).toBe(false);
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await ask(second.url, "select * from kept")).toEqual([{ one: 1 }]);
  });

  test("after kill -9 of the parent the server that lives on is adopted, and can be stopped", async () => {
    const module = new URL("./start.ts", import.meta.url).href;
    const script = `import { startPostgres } from ${JSON.stringify(module)}; const { pid } = await startPostgres({ dataDir: ${JSON.stringify(dataDir)} }); console.log(pid); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    child.kill("SIGKILL");
    await once(child, "exit");
    const pid = Number(line.toString());
    expect(alive(pid)).toBe(true);

    const adopted = await start();
    expect(adopted).toMatchObject({ adopted: true, pid });
    expect(await ask(adopted.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await adopted.stop();
    expect(alive(pid)).toBe(false);
  });

  test("a server with other settings than today's is replaced, not adopted", async () => {
    const first = await start();
    await first.stop();
    const cluster = (await readRuntime(dataDir)).cluster ?? join(dataDir, "postgres");
    const { uid, gid } = await stat(cluster);
    const { findBinaries } = await import("./binaries.ts");
    const { postgres } = await findBinaries(asRoot ? { uid, gid } : null, dataDir);
    const { port } = await readRuntime(dataDir);
    const old = spawn(postgres, ["-D", cluster, "-p", String(port), "-c", "unix_socket_directories="], {
      cwd: "/",
      stdio: "ignore",
      ...(asRoot && { uid, gid }),
    });
    await expect.poll(() => readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => ""), { timeout: 10_000 }).toContain("ready");
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(alive(old.pid ?? 0)).toBe(false);
    expect(await ask(second.url, "show wal_level")).toEqual([{ wal_level: "logical" }]);
  });

  test("a pid file that names a process of somebody else does not stop it", async () => {
    const first = await start();
    const cluster = (await readRuntime(dataDir)).cluster ?? join(dataDir, "postgres");
    const file = await readFile(join(cluster, "postmaster.pid"), "utf8");
    process.kill(first.pid, "SIGKILL");
    await gone(first.pid);
    await writeFile(join(cluster, "postmaster.pid"), file.replace(/^\d+/, String(process.pid)));
    expect((await start()).adopted).toBe(false);
    expect(alive(process.pid)).toBe(true);
  });
});

describe("a broken installation", () => {
  test("a lost password is no reason to lock oneself out: it says so", async () => {
    await (await start()).stop();
    await writeFile(join(dataDir, "runtime.json"), "{");
    await expect(start()).rejects.toThrow(/runtime.json can't be read/);
    await rm(join(dataDir, "runtime.json"));
    await expect(start()).rejects.toThrow(/runtime.json, which holds its password, is gone/);
  });

  test("a server that does not start says why in its own words", async () => {
    await (await start()).stop();
    const cluster = (await readRuntime(dataDir)).cluster ?? join(dataDir, "postgres");
    await writeFile(join(cluster, "postgresql.conf"), "no_such_setting = 1\n");
    await expect(start()).rejects.toThrow(/unrecognized configuration parameter "no_such_setting"/);
  });
});

describe.runIf(asRoot)("as root, below a private home", () => {
  test("the cluster lives where its account reaches it, and is found again", async () => {
    await chmod(parent, 0o700);
    const first = await start();
    await ask(first.url, "create table kept as select 1 as one");
    const { cluster } = await readRuntime(dataDir);
    expect(cluster).not.toMatch(new RegExp(`^${parent}`));
    expect((await stat(cluster ?? "")).uid).not.toBe(0);
    await first.stop();
    expect(await ask((await start()).url, "select * from kept")).toEqual([{ one: 1 }]);
  });

  test("a private data directory of root's own is opened to the server's group only", async () => {
    await mkdir(dataDir, { mode: 0o700 });
    await start();
    expect((await stat(dataDir)).mode & 0o777).toBe(0o710);
    expect((await readRuntime(dataDir)).cluster).toBeUndefined();
  });
});

test("runtime.json keeps what others wrote into it", async () => {
  await mkdir(dataDir);
  await updateRuntime(dataDir, { secret: "s" });
  await updateRuntime(dataDir, { port: 1 });
  expect(await readRuntime(dataDir)).toEqual({ secret: "s", port: 1 });
});
