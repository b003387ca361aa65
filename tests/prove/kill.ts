import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { eventually, signIn, startStack, untilFresh, type Session, type Stack } from "../stack.ts";
import { auditFault, cutOf, exportReceipts, faultOf, keepExporting, type Export } from "./exports.ts";
import { foundCompany, keepWriting, stockReceipts, type Written } from "./receipts.ts";
import { pidOf, victims, type Victim } from "./victims.ts";

const root = join(import.meta.dirname, "../..");
const administrator = { email: "prove@kehu.example", password: "prove-administrator" };
const writers = 3;
const exporters = 2;
/** How long a part may take to come back; a machine that is busy with other things starts slowly. */
const patienceMs = 180_000;

/** Mulberry32: the same seed, the same moments. */
const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

const verify = (dataDir: string): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "kehu.ts"), "verify"], { env: { ...process.env, KEHU_DATA_DIR: dataDir } });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("exit", (code) => resolve({ code, output }));
  });

/** The phase of a workbook in which each victim has work to do for it: whoever sends it, or whoever it is asked of. */
const hitsIn = (victim: Victim): "asked" | "answered" => (victim === "web" || victim === "supervisor" ? "answered" : "asked");

/** Kills the victim at a random moment while a workbook is under way, and notes on each such export where it was. */
async function killDuringExport(options: {
  stack: Stack;
  victim: Victim;
  exports: readonly Export[];
  random: () => number;
}): Promise<void> {
  const { stack, victim, exports, random } = options;
  const underWay = (): Export[] => exports.filter(({ phase }) => phase !== "ended");
  const delay = random() * 150;
  await eventually(
    `an export to kill ${victim} in`,
    async () => {
      const pid = await pidOf(stack, victim);
      if (pid === null || !underWay().some(({ phase }) => phase === hitsIn(victim))) return null;
      await pause(delay);
      const hit = underWay();
      if (!hit.some(({ phase }) => phase === hitsIn(victim))) return null;
      process.kill(pid, "SIGKILL");
      for (const each of hit) if (each.phase !== "ended") each.atKill = each.phase;
      return true;
    },
    patienceMs,
    1,
  );
}

/**
 * While receipts are written and workbooks of them exported, kills (SIGKILL) one process after another, each while an export is under way; a killed supervisor
 * is started again as a user would. After every round: every key is exactly one receipt with exactly one audit entry, the mirror equals Postgres, the published
 * figure is theirs; every export ended as a whole workbook of what was published or visibly failed, and is in the audit trail once; and no unfinished file is
 * left. Throws at the first difference, and when no transfer of a workbook was ever cut.
 */
export async function killTrial(options: {
  seed: number;
  rounds: number;
  say: (line: string) => void;
  only?: readonly Victim[];
  /** Receipts from the start: a workbook of them takes long enough for a kill to fall into it. */
  stock?: number;
}): Promise<void> {
  const { rounds, say, only = victims, stock = 30_000 } = options;
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
    let session = await signIn(stack, administrator.email, administrator.password);
    const { user } = await session.json<{ user: { id: string } }>("/api/v1/me");
    const company = await foundCompany(session);
    await untilFresh(stack, await stockReceipts(session, company, stock), patienceMs);
    const trial: Trial = { stock, written: [], exports: [], userId: user.id };
    for (let round = 0; round < rounds; round++) {
      const victim = only[round % only.length] ?? "web";
      let stopped = false;
      // The session is looked up at each try: after a restart on another port the users go on there.
      const current: Session = { ...session, fetch: (path, init) => session.fetch(path, init) };
      const writing = Array.from({ length: writers }, (_, writer) => {
        const written: Written = { prefix: `r${round}w${writer}`, sent: 0, commits: [], lsn: "0/0" };
        trial.written.push(written);
        return keepWriting({ session: current, company, written, stopped: () => stopped, patienceMs });
      });
      const exporting = Array.from({ length: exporters }, () => keepExporting(current, trial.exports, () => stopped));
      const users = Promise.all([...writing, ...exporting]);
      users.catch(() => {}); // awaited below; a failure must not end this process before the stack is stopped
      const first = trial.exports.length - exporters;
      await pause(100 + random() * 900);
      await killDuringExport({ stack, victim, exports: trial.exports, random });
      if (victim === "supervisor") {
        await stack.kill("SIGKILL");
        stack = await startStack({ dataDir, env });
        session = await signIn(stack, administrator.email, administrator.password);
      }
      await pause(200 + random() * 500);
      stopped = true;
      await users;
      const fault = await faultAfter(stack, session, trial);
      if (fault) throw new Error(`round ${round + 1}, after killing ${victim}: ${fault}\n${stack.output()}`);
      const { underWay, inTransfer, beforeAnswer } = cutOf(trial.exports.slice(first));
      const whole = trial.exports.slice(first).filter(({ ending }) => ending === "whole").length;
      say(
        `round ${round + 1}: killed ${victim}, ${countOf(trial)} receipts all there once; ` +
          `${underWay} exports under way: ${inTransfer} cut in transfer, ${beforeAnswer} before the answer; ${whole} whole`,
      );
      for (const each of trial.exports) each.workbook = null; // checked
    }
    const { underWay, inTransfer, beforeAnswer } = cutOf(trial.exports);
    if (inTransfer === 0 && only.some((victim) => hitsIn(victim) === "answered"))
      throw new Error(`of ${underWay} exports under way at a kill none was cut in transfer: the trial proves nothing about them`);
    const took = trial.exports.flatMap(({ ending, ms }) => (ending === "whole" ? [ms] : [])).sort((a, b) => a - b);
    say(
      `exports: ${underWay} under way at a kill, of them ${inTransfer} cut in transfer, ${beforeAnswer} before the answer; ` +
        `${took.length} came whole, each over ${stock} rows, in ${Math.round(took[took.length >> 1] ?? 0)} ms (median)`,
    );
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** What happened since the trial began. */
interface Trial {
  stock: number;
  written: Written[];
  exports: Export[];
  userId: string;
}

const countOf = ({ written }: Trial): number => written.reduce((sum, { sent }) => sum + sent, 0);

/** What is not as it must be when everybody has come to an end; null when all is. */
async function faultAfter(stack: Stack, session: Session, trial: Trial): Promise<string | null> {
  const receipts = trial.stock + countOf(trial);
  const latest = trial.written.slice(-writers);
  for (const { lsn } of latest) await untilFresh(stack, lsn, patienceMs);
  // The query process may just be coming back: its answer counts, not its absence.
  const answer = await eventually("the figure", () => session.load({ measures: ["receipts.count", "receipts.amount"] }), patienceMs);
  const counted = Number(answer.data[0]?.["receipts.count"]);
  if (counted !== receipts) return `the dashboard counts ${counted} receipts, there are ${receipts}`;
  await eventually(
    "a whole workbook",
    async () => ((await exportReceipts(session, trial.exports)).ending === "whole" ? true : null),
    patienceMs,
  );
  for (const { day, workbook } of trial.exports) {
    const fault = workbook && faultOf(workbook, trial);
    if (fault) return `the workbook of the export from ${day} ${fault}`;
  }
  const { port, password } = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { port: number; password: string };
  const client = new Client({ host: "127.0.0.1", port, password, user: "kehu", database: "kehu" });
  await client.connect();
  try {
    const { rows } = await client.query<{ number: string; records: number; entries: number }>(
      `select receipt.number, count(distinct receipt.id)::int as records, count(entry.id)::int as entries
         from crm.receipts as receipt left join audit.entries as entry on entry.record_id = receipt.id::text and entry.action = 'create'
        group by receipt.number`,
    );
    if (rows.length !== receipts) return `${rows.length} receipts for ${receipts} keys`;
    const wrong = rows.find(({ records, entries }) => records !== 1 || entries !== 1);
    if (wrong) return `${wrong.number}: ${wrong.records} records, ${wrong.entries} audit entries`;
    const fault = await auditFault(client, trial.exports, trial.userId);
    if (fault) return fault;
  } finally {
    await client.end();
  }
  const { code, output } = await verify(stack.dataDir);
  if (code !== 0) return `kehu verify ended with ${code}:\n${output}`;
  return unfinishedFile(stack.dataDir);
}

/**
 * Names of everything that belongs into a data directory beside Postgres's own folder; a half-written file has another. What ad-hoc SQL writes
 * lies in a folder of its process, which the next start removes when the process is no more; the mirror's has no file when nothing is under way.
 */
const belongs =
  /^(runtime\.json|kehu\.pid|processes\.json|postgres\.log|warehouse(\/((mirror|warehouse)\.duckdb(\.wal)?|scratch-kehu_mirror|spill(\/\d+(\/sql(\/.*)?)?)?|snapshots(\/([^/.]+\.(duckdb|json)|current\.json))?))?)$/;

async function unfinishedFile(dataDir: string): Promise<string | null> {
  const names = await readdir(dataDir, { recursive: true });
  const strange = names.filter((name) => !/^postgres(\/|$)/.test(name) && !belongs.test(name));
  return strange.length === 0 ? null : `left in the data directory: ${strange.join(", ")}`;
}
