import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { percentile, timed, type Benchmark } from "./benchmark.ts";

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

export default [sandbox];
