import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeAccount } from "../tests/account.ts";
import { signIn, signInDemo, startStack, type Session } from "../tests/stack.ts";
import { percentile, timed, type Benchmark } from "./benchmark.ts";
import { executiveDashboard } from "./semantic/executive-dashboard.ts";
import { gatherCrowd } from "./sql/crowd.ts";

const measure = fileURLToPath(new URL("./sql/measure.ts", import.meta.url));
const lines = 1_000_000;
const users = 5;
const runs = 200;
const firstLimitMs = 1_500;
const addedLimitMs = 20;

/**
 * A restricted user's first statement, which copies 1,000,000 fact rows: median over users, against its limit. Then what later statements take over bare
 * DuckDB on the same copy: the difference of the 95th percentiles, both at the same priority and side by side in time, against its limit.
 */
const sandbox: Benchmark = {
  names: ["sql.sandbox"],
  run: async ({ scale }) => {
    const folder = await mkdtemp(join(tmpdir(), "kehu-sql-bench-"));
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [measure, folder, `${lines}`, `${users}`, `${runs}`], {
        maxBuffer: 16 * 2 ** 20,
      });
      const { first, ours, bare } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<"first" | "ours" | "bare", number[]>;
      const added = percentile(ours, 0.95) - percentile(bare, 0.95);
      console.error(
        `sql.sandbox: first statements ${first.map((ms) => ms.toFixed(0)).join(", ")} ms of ${firstLimitMs} allowed; later p50 ${percentile(ours, 0.5).toFixed(1)} ms, ` +
          `bare ${percentile(bare, 0.5).toFixed(1)} ms; p95 ${percentile(ours, 0.95).toFixed(1)} ms, bare ${percentile(bare, 0.95).toFixed(1)} ms; load average ${loadavg()[0]!.toFixed(1)}`,
      );
      return [
        timed("sql.sandbox", percentile(first, 0.5), "limit", firstLimitMs, scale, users),
        timed("sql.sandbox.added", Math.max(added, 0.01), "limit", addedLimitMs, scale, runs),
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const analysts = 10;
const loads = 40;
const warmUps = 5;

/** Milliseconds that each of `count` loads of the executive's ten tiles takes through the web process, each asked anew: no kept answer serves it. */
async function timeDashboards(session: Session, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let load = 0; load < count; load++) {
    const queries = executiveDashboard(new Date(), "Asia/Shanghai").flatMap((tile) => tile.queries);
    const startedAt = performance.now();
    // Another limit is another question; no tile has as many rows.
    await Promise.all(queries.map((query) => session.load({ ...query, limit: 10_000 + asked })));
    asked++;
    samples.push(performance.now() - startedAt);
  }
  return samples;
}
let asked = 0;

/**
 * Dashboards while ten analysts each run a statement of minutes and one of them exhausts the memory of his own, against twice the time of the same
 * dashboards without them, measured before and after. Fails when a statement ends that should not, or the exhausting one is not told what to do.
 */
const crowd: Benchmark = {
  names: ["sql.crowd"],
  run: async ({ scale }) => {
    const administrator = { email: "bench@kehu.example", password: "bench-administrator" };
    const stack = await startStack({ env: { KEHU_ADMIN_EMAIL: administrator.email, KEHU_ADMIN_PASSWORD: administrator.password } });
    try {
      const admin = await signIn(stack, administrator.email, administrator.password);
      const { executive } = await signInDemo(stack);
      const people: Session[] = [];
      for (let index = 0; index < analysts; index++)
        people.push((await makeAccount(stack, admin, `analyst-${index}@example.com`, ["analyst"])).session);
      await timeDashboards(executive, warmUps);
      const before = await timeDashboards(executive, loads);
      const gathered = await gatherCrowd(people);
      const exhausted = gathered.exhaust();
      const among = await timeDashboards(executive, loads);
      const { status, detail } = await exhausted;
      const ended = await gathered.leave();
      const after = await timeDashboards(executive, loads);
      if (status !== 422 || !/memory/.test(detail)) throw new Error(`the exhausting statement was answered ${status} ${detail}`);
      if (ended.length > 0) throw new Error(`statements of others ended with ${ended.join(", ")}`);
      const idle = percentile([...before, ...after], 0.95);
      const p95 = percentile(among, 0.95);
      console.error(
        `sql.crowd: idle p95 ${percentile(before, 0.95).toFixed(0)} ms before and ${percentile(after, 0.95).toFixed(0)} ms after (p50 ${percentile([...before, ...after], 0.5).toFixed(0)}), ` +
          `among ${analysts} statements p95 ${p95.toFixed(0)} ms (p50 ${percentile(among, 0.5).toFixed(0)}): ${(p95 / idle).toFixed(2)} times; ` +
          `the exhausting one was told "${detail}"; load average ${loadavg()[0]!.toFixed(1)}`,
      );
      return [timed("sql.crowd", p95, "twice idle", 2 * idle, scale, loads)];
    } finally {
      await stack.stop();
    }
  },
};

export default [sandbox, crowd];
