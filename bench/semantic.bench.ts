import { readFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPointer } from "@kehu/ingest";
import { createSemanticApp } from "@kehu/semantic";
import { duckdbBudget } from "../kehu/settings.ts";
import { startStack } from "../tests/stack.ts";
import { percentile, timed, type Benchmark } from "./benchmark.ts";
import { executiveDashboard } from "./semantic/executive-dashboard.ts";
import { copyToPostgres, inPostgres, type Planned } from "./semantic/postgres-peer.ts";

const limitMs = 150;
const runs = 200;
const warmUps = 10;
const timezone = "Asia/Shanghai";
const modelDir = fileURLToPath(new URL("../semantic/model", import.meta.url));

/** Milliseconds that `work` takes, `runs` times, after some tries that warm planner, files and statements up. */
async function times(work: () => Promise<void>): Promise<number[]> {
  for (let run = 0; run < warmUps; run++) await work();
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const startedAt = performance.now();
    await work();
    samples.push(performance.now() - startedAt);
  }
  return samples;
}

/**
 * The executive's dashboard of ten tiles, all their queries asked at once, until the last has answered: in process (no HTTP), on the published
 * snapshot of a started stack's demo company, planner and files warm, result cache off. Peer: Postgres answers the same plans, one after the
 * other on one connection, prepared; its time is the sum.
 */
const dashboard: Benchmark = {
  names: ["semantic.dashboard"],
  run: async ({ scale }) => {
    const stack = await startStack();
    try {
      const pointer = await readPointer(join(stack.dataDir, "warehouse"));
      if (!pointer) throw new Error("the started stack has published nothing");
      const app = await createSemanticApp({
        modelDir,
        // Nobody writes: the snapshot stays.
        snapshots: { current: () => pointer, onChange: () => () => undefined },
        authenticate: () => Promise.resolve({ scope: "unrestricted", locale: "zh-CN" }),
        timezone,
        weekStart: "monday",
        fiscalYearStart: "01-01",
        clock: () => new Date(),
        logger: console,
        cache: false,
        budget: duckdbBudget("query"),
      });
      const ask = async (path: string, query: object): Promise<string> => {
        const headers = { "content-type": "application/json" };
        const response = await app.request(`/cubejs-api/v1/${path}`, { method: "POST", headers, body: JSON.stringify({ query }) });
        const text = await response.text();
        if (!response.ok) throw new Error(`${path} of ${JSON.stringify(query)}: ${response.status} ${text}`);
        return text;
      };
      const queries = executiveDashboard(new Date(), timezone).flatMap((tile) => tile.queries);
      const ours = await times(async () => {
        await Promise.all(queries.map((query) => ask("load", query)));
      });
      const marts = new Set<string>();
      const planned: (Planned & { rows: number })[] = [];
      for (const query of queries) {
        const { sql } = JSON.parse(await ask("sql", query)) as { sql: { sql: [string, unknown[]] } };
        const { data, kehu } = JSON.parse(await ask("load", query)) as { data: unknown[]; kehu: { marts: string[] } };
        for (const mart of kehu.marts) marts.add(mart);
        planned.push({ ...inPostgres({ sql: sql.sql[0], params: sql.sql[1] }), rows: data.length });
      }
      await app.close();

      const server = JSON.parse(await readFile(join(stack.dataDir, "runtime.json"), "utf8")) as { port: number; password: string };
      const postgres = await copyToPostgres(pointer.file, [...marts], server);
      const theirs = await times(async () => {
        for (const [index, { sql, params, rows }] of planned.entries()) {
          const answer = await postgres.client.query({ name: `tile-${index}`, text: sql, values: params });
          if (answer.rows.length !== rows) throw new Error(`Postgres answers ${answer.rows.length} rows, we ${rows}: ${sql}`);
        }
      }).finally(() => postgres.close());
      const result = timed("semantic.dashboard", percentile(ours, 0.95), "postgres", percentile(theirs, 0.95), scale, runs);
      const load = loadavg()[0]!.toFixed(1);
      console.error(
        `semantic.dashboard: ${queries.length} queries, p50 ${percentile(ours, 0.5).toFixed(0)} ms, p95 ${result.value} ms of ${limitMs} allowed; ` +
          `postgres p50 ${percentile(theirs, 0.5).toFixed(0)} ms; load average ${load}`,
      );
      return [result];
    } finally {
      await stack.stop();
    }
  },
};

export default [dashboard];
