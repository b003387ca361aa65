import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { foundCompany, keepWriting, type Company, type Written } from "../prove/receipts.ts";
import { signIn, type Session } from "../stack.ts";

const root = join(import.meta.dirname, "../..");
const stack = inject("stack");
const administrator = inject("administrator");
const patienceMs = 60_000;

let folder: string;
let backup: string;
let restored: string;
let session: Session;
let company: Company;
/** Receipts whose write was answered before the backup ended, by number. */
let acknowledged: string[];

const kehu = (args: string[], dataDir: string, onLine: () => void = () => {}): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "kehu.ts"), ...args], { env: { ...process.env, KEHU_DATA_DIR: dataDir } });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      onLine();
    });
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("exit", (code) => resolve({ code, output }));
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kehu-backup-"));
  backup = join(folder, "backup");
  restored = join(folder, "restored");
  session = await signIn(stack, administrator.email, administrator.password);
  company = await foundCompany(session);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a backup", () => {
  it("of a company that is written to holds every record whose write was answered before its end", async () => {
    let stopped = false;
    const written = [0, 1, 2].map((writer): Written => ({ prefix: `backup-w${writer}`, sent: 0, commits: [], lsn: "0/0" }));
    const writing = Promise.all(
      written.map((each) => keepWriting({ session, company, written: each, stopped: () => stopped, patienceMs })),
    );
    await expect.poll(() => written.every(({ commits }) => commits.length > 3), { timeout: patienceMs }).toBe(true);
    const before = written.map(({ commits }) => commits.length);
    // Its only line is its last act.
    const { code, output } = await kehu(["backup", backup], stack.dataDir, () => {
      acknowledged = written.flatMap(({ prefix, commits }) => commits.map((_, index) => `${prefix}-${index}`));
    });
    expect(code, output).toBe(0);
    expect(output).toMatch(/MiB, complete to \S+Z \([0-9A-F]+\/[0-9A-F]+\)/);
    expect(acknowledged.length).toBeGreaterThan(before.reduce((sum, count) => sum + count, 0));
    // Writers were held up, and go on.
    const ended = written.map(({ commits }) => commits.length);
    await expect
      .poll(() => written.every(({ commits }, index) => commits.length > (ended[index] ?? 0) + 1), { timeout: patienceMs })
      .toBe(true);
    stopped = true;
    await writing;
  });

  it("is refused where something is already, and where nothing is to be backed up", async () => {
    expect(await kehu(["backup", backup], stack.dataDir)).toMatchObject({ code: 2, output: expect.stringContaining("is not empty") });
    const nowhere = await kehu(["backup", join(folder, "other")], join(folder, "no-company"));
    expect(nowhere).toMatchObject({ code: 2, output: expect.stringContaining("there is no company") });
  });

  it("is refused by restore when it is torn, changed, unfinished or none, and where the data folder is not empty", async () => {
    const copy = join(folder, "copy");
    const refusal = async (change: (dir: string) => Promise<unknown>): Promise<string> => {
      await rm(copy, { recursive: true, force: true });
      await cp(backup, copy, { recursive: true });
      await change(copy);
      const { code, output } = await kehu(["restore", copy], join(folder, "refused"));
      expect(code, output).toBe(2);
      expect(output.trim().split("\n")).toHaveLength(1);
      expect(await readdir(join(folder, "refused"))).toEqual([]);
      return output;
    };
    expect(await refusal((dir) => truncate(join(dir, "postgres/PG_VERSION"), 1))).toContain(
      "postgres/PG_VERSION has 1 bytes, 3 were written",
    );
    expect(await refusal((dir) => writeFile(join(dir, "postgres/PG_VERSION"), "17\n"))).toContain("is not what was written");
    expect(await refusal((dir) => rm(join(dir, "mirror.duckdb")))).toContain("mirror.duckdb is missing");
    expect(await refusal((dir) => rm(join(dir, "backup.json")))).toContain("not finished");
    const change = (from: string, to: string) => async (dir: string) =>
      writeFile(join(dir, "backup.json"), (await readFile(join(dir, "backup.json"), "utf8")).replace(from, to));
    expect(await refusal(change('"completeTo":"2', '"completeTo":"3'))).toContain("backup.json was changed");
    expect(await refusal(change('"format":1', '"format":9'))).toContain("layout 9");
    await mkdir(join(folder, "used"));
    await writeFile(join(folder, "used/file"), "");
    expect(await kehu(["restore", backup], join(folder, "used"))).toMatchObject({
      code: 2,
      output: expect.stringContaining("is not empty (file)"),
    });
  });

  it("restored is the company again: every record, the mirror equal, the change log kept, the audit trail proven, sessions that go on", async () => {
    const { code, output } = await kehu(["restore", backup], restored);
    expect(code, output).toBe(0);
    const verified = await kehu(["verify"], restored);
    expect(verified.code, verified.output).toBe(0);
    expect(verified.output).toMatch(/ok +receipts: \d+ rows\n/);
    const proven = await kehu(["audit", "verify"], restored);
    expect(proven, proven.output).toMatchObject({ code: 0, output: expect.stringMatching(/^ok/) });

    const mirror = await DuckDBInstance.create(join(restored, "warehouse/mirror.duckdb"), { access_mode: "READ_ONLY" });
    const log = await (
      await mirror.connect()
    ).runAndReadAll("select _op, count(*)::int from raw_changes.departments group by 1 order by 1");
    mirror.closeSync();
    const operations = new Map(log.getRows().map(([op, count]) => [op, count]));
    expect(operations.get("insert")).toBe(1);
    // What is in the change log already is not told again.
    expect(operations.has("resync")).toBe(false);

    const port = String(21_000 + (process.pid % 9_000));
    const url = `http://localhost:${port}`;
    const running = spawn(process.execPath, [join(root, "kehu.ts"), "start", "--only", "web"], {
      env: { ...process.env, NODE_ENV: "production", KEHU_DATA_DIR: restored, PORT: port },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => running.once("exit", resolve));
    try {
      // The session of before the backup goes on: the secret came along.
      const me = () => fetch(`${url}/api/v1/me`, { headers: { cookie: session.cookie } });
      await expect.poll(async () => (await me().catch(() => null))?.status, { timeout: 120_000 }).toBe(200);
      const user = await signIn({ url }, administrator.email, administrator.password);
      const missing: string[] = [];
      for (const number of acknowledged) {
        const { data } = await user.json<{ data: unknown[] }>(`/api/v1/receipts?number=${number}&fields=number`);
        if (data.length !== 1) missing.push(number);
      }
      expect(missing).toEqual([]);
    } finally {
      running.kill("SIGTERM");
      await ended;
    }
  });
});
