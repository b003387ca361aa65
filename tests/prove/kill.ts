import { spawn } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { eventually, signIn, startStack, untilFresh, type Session, type Stack } from "../stack.ts";

const root = join(import.meta.dirname, "../..");
const administrator = { email: "prove@kehu.example", password: "prove-administrator" };
const victims = ["web", "warehouse", "query", "postgres", "supervisor"] as const;
type Victim = (typeof victims)[number];
const writers = 3;

/** Mulberry32: the same seed, the same moments. */
const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

/** Pids of the processes that run on this data directory, by what they are. */
async function pidOf(stack: Stack, victim: Victim): Promise<number | null> {
  if (victim === "supervisor") return stack.process.pid ?? null;
  if (victim === "postgres") {
    const { cluster } = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { cluster?: string };
    const text = await readFile(join(cluster ?? join(stack.dataDir, "postgres"), "postmaster.pid"), "utf8").catch(() => ""); // between two starts
    return Number(text.split("\n")[0]) || null;
  }
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const [command, status] = await Promise.all(
      ["cmdline", "status"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")), // it may just have ended
    );
    if (command?.includes(`child\u0000${victim}`) && status?.includes(`PPid:\t${stack.process.pid}\n`)) return Number(pid);
  }
  return null;
}

const verify = (dataDir: string): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "kehu.ts"), "verify"], { env: { ...process.env, KEHU_DATA_DIR: dataDir } });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("exit", (code) => resolve({ code, output }));
  });

interface Company {
  customer: string;
  owner: string;
}

async function foundCompany(session: Session): Promise<Company> {
  const post = (path: string, body: object): Promise<{ id: string }> =>
    session.json(`/api/v1/${path}`, { method: "POST", body: JSON.stringify(body) });
  const department = await post("departments", { name: "Proving ground" });
  const owner = await post("employees", { name: "Tester", department_id: department.id });
  const customer = await post("customers", { name: "Proving customer", owner_id: owner.id });
  return { customer: customer.id, owner: owner.id };
}

/** Posts receipts until told to stop, each under a key of its own, each retried under the same key until it is answered: every key must end as exactly one receipt. */
async function keepWriting(options: {
  session: Session;
  company: Company;
  prefix: string;
  stopped: () => boolean;
}): Promise<{ keys: string[]; lsn: string }> {
  const keys: string[] = [];
  let lsn = "0/0";
  while (!options.stopped()) {
    const key = `${options.prefix}-${keys.length}`;
    const body = JSON.stringify({ number: key, customer_id: options.company.customer, owner_id: options.company.owner, amount: "1.00" });
    keys.push(key);
    lsn = await eventually(
      `an answer to ${key}`,
      async () => {
        const response = await options.session.fetch("/api/v1/receipts", { method: "POST", body, headers: { "idempotency-key": key } });
        if (response.status === 201) return response.headers.get("kehu-commit");
        if (response.status < 500) throw new Error(`POST receipts: ${response.status} ${await response.text()}`);
        return null; // the process is coming back
      },
      60_000,
    );
    await pause(10);
  }
  return { keys, lsn };
}

/**
 * While receipts are written, kills (SIGKILL) one process after another at random moments; a killed supervisor is started again as a user would.
 * After every round: every key is exactly one receipt with exactly one audit entry, the mirror equals Postgres, the published figure is theirs, and
 * no second Postgres or child is left. Throws at the first difference.
 */
export async function killTrial(options: {
  seed: number;
  rounds: number;
  say: (line: string) => void;
  only?: readonly Victim[];
}): Promise<void> {
  const { rounds, say, only = victims } = options;
  const random = randomFrom(options.seed);
  const dataDir = await mkdtemp(join(tmpdir(), "kehu-prove-"));
  const env = {
    KEHU_DEMO: "0",
    KEHU_PUBLISH_SECONDS: "0.2",
    KEHU_ADMIN_EMAIL: administrator.email,
    KEHU_ADMIN_PASSWORD: administrator.password,
  };
  let stack = await startStack({ dataDir, env });
  try {
    let company: Company | undefined;
    const written = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      let session = await signIn(stack, administrator.email, administrator.password);
      company ??= await foundCompany(session);
      const here = company;
      let stopped = false;
      // The session is looked up at each try: after a restart on another port the writers go on there.
      const current: Session = { ...session, fetch: (path, init) => session.fetch(path, init) };
      const writing = Array.from({ length: writers }, (_, writer) =>
        keepWriting({ session: current, company: here, prefix: `r${round}w${writer}`, stopped: () => stopped }),
      );
      const victim = only[round % only.length] ?? "web";
      await pause(100 + random() * 900);
      const pid = await eventually(`a ${victim} to kill`, () => pidOf(stack, victim));
      process.kill(pid, "SIGKILL");
      if (victim === "supervisor") {
        await stack.kill("SIGKILL");
        stack = await startStack({ dataDir, env });
        session = await signIn(stack, administrator.email, administrator.password);
      }
      await pause(200 + random() * 500);
      stopped = true;
      const results = await Promise.all(writing);
      for (const { keys } of results) for (const key of keys) written.add(key);
      for (const { lsn } of results) await untilFresh(stack, lsn);
      await check({ stack, session, written, round, victim });
      say(`round ${round + 1}: killed ${victim}, ${written.size} receipts all there once`);
    }
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function check(options: {
  stack: Stack;
  session: Session;
  written: ReadonlySet<string>;
  round: number;
  victim: Victim;
}): Promise<void> {
  const { stack, session, written, round, victim } = options;
  const fail = (what: string): never => {
    throw new Error(`round ${round + 1}, after killing ${victim}: ${what}\n${stack.output()}`);
  };
  const { port, password } = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { port: number; password: string };
  const client = new Client({ host: "127.0.0.1", port, password, user: "kehu", database: "kehu" });
  await client.connect();
  try {
    const { rows } = await client.query<{ number: string; records: number; entries: number }>(
      `select receipt.number, count(distinct receipt.id)::int as records, count(entry.id)::int as entries
         from crm.receipts as receipt left join audit.entries as entry on entry.record_id = receipt.id::text and entry.action = 'create'
        group by receipt.number`,
    );
    if (rows.length !== written.size) fail(`${rows.length} receipts for ${written.size} keys`);
    for (const row of rows)
      if (row.records !== 1 || row.entries !== 1) fail(`${row.number}: ${row.records} records, ${row.entries} audit entries`);
  } finally {
    await client.end();
  }
  const { code, output } = await verify(stack.dataDir);
  if (code !== 0) fail(`kehu verify ended with ${code}:\n${output}`);
  // The query process may just be coming back: its answer counts, not its absence.
  const answer = await eventually("the figure", () => session.load({ measures: ["receipts.count", "receipts.amount"] }));
  const [row] = answer.data;
  if (Number(row?.["receipts.count"]) !== written.size)
    fail(`the dashboard counts ${row?.["receipts.count"]} receipts, there are ${written.size}`);
}
