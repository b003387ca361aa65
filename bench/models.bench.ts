import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMirror, openWarehouse, parseLsn, type SnapshotPointer } from "@kehu/ingest";
import { createLiveBuilder, type LiveBuilder } from "@kehu/models";
import { createPool, fillDemoCompany, migrate, publicationName, startPostgres } from "@kehu/operational-api";
import { duckdbBudget } from "../kehu/settings.ts";
import { percentile, timed, type Benchmark } from "./benchmark.ts";

const projectDir = join(import.meta.dirname, "../models");
const until = new Date("2026-11-22T02:00:00Z");
/** The large one has ten order lines for each customer, as the companies of `npm run prove -- scale` do, so that its limit and theirs are of one line. */
const companies = {
  small: { customers: 2_000, linesPerCustomer: 50, fullBuilds: 3, changes: 11 },
  full: { customers: 100_000, linesPerCustomer: 10, fullBuilds: 3, changes: 11 },
};
const fullLimitMs = 60_000;
const changesLimitMs = 2_000;

/** A thousand changes as a company makes them, in one transaction; other rows each time. */
function thousandChanges(run: number): string {
  const some = (table: string, count: number, where = "true"): string =>
    `row_key in (select row_key from crm.${table} where ${where} order by md5(row_key::text || '${run}') limit ${count})`;
  return [
    `insert into crm.receipts (number, customer_id, owner_id, department_id, received_at, amount, currency)
     select 'BENCH-' || gen_random_uuid(), customer_id, owner_id, department_id, received_at, 12.34, currency from crm.receipts where ${some("receipts", 200)}`,
    `update crm.orders set discount = 1.01 + ${run} where ${some("orders", 150)}`,
    `update crm.orders set status = 'approved' where ${some("orders", 50, "status = 'draft'")}`,
    `update crm.order_lines set amount = amount + 0.01 where ${some("order_lines", 200)}`,
    `update crm.opportunities set amount = amount + 1 where ${some("opportunities", 150, "status = 'open'")}`,
    `update crm.activities set done_at = done_at + interval '1 hour' where ${some("activities", 200, "done_at is not null")}`,
    `update crm.customers set name = name || '' || ${run} where ${some("customers", 50)}`,
  ].join(";\n");
}

/** The live models: everything from nothing, and what a thousand changes reach; the time of the builds, without the publishing of the file. */
const build: Benchmark = {
  names: ["models.build"],
  run: async ({ scale }) => {
    const { customers, linesPerCustomer, fullBuilds, changes } = companies[scale];
    const folder = await mkdtemp(join(tmpdir(), "kehu-bench-models-"));
    const postgres = await startPostgres({ dataDir: join(folder, "data") });
    const pool = createPool(postgres.url);
    const warehouse = await openWarehouse({ dir: join(folder, "warehouse"), ...duckdbBudget("warehouse") });
    const failures: object[] = [];
    let lastBuildMs = Number.NaN;
    const logger = {
      debug: (fields: object) => {
        if ("ms" in fields) lastBuildMs = Number(fields.ms);
      },
      info: () => undefined,
      warn: () => undefined,
      error: (fields: object) => void failures.push(fields),
    };
    await migrate(postgres.url);
    await fillDemoCompany({ url: postgres.url, customers, linesPerCustomer, years: 3, until, timezone: "Asia/Shanghai", currency: "CNY" });
    const source = { sourceUrl: postgres.url, schema: "crm", publication: publicationName, slot: "kehu_bench" };
    const mirror = createMirror({ ...source, warehouse, logger });
    let builder: LiveBuilder | undefined;
    try {
      await mirror.start();
      const live = createLiveBuilder({ warehouse, mirror, projectDir, vars: {}, clock: () => until, publishSeconds: 0, logger });
      builder = live;
      const published = (isWanted: (pointer: SnapshotPointer) => boolean): Promise<number> =>
        new Promise((resolve, reject) => {
          const ends = [
            live.onPublished((pointer) => {
              if (!isWanted(pointer)) return;
              for (const end of ends) end();
              resolve(lastBuildMs);
            }),
            live.onFailed((error) => reject(error instanceof Error ? error : new Error(String(error)))),
          ];
        });
      const whole: number[] = [];
      for (let run = 0; run < fullBuilds; run++) {
        const next = published(() => true);
        if (run === 0) await live.start();
        else live.requestFullBuild();
        whole.push(await next);
      }
      const parts: number[] = [];
      for (let run = 0; run < changes; run++) {
        const { rows } = await pool.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
        const before = parseLsn(rows[0]?.lsn ?? "0/0");
        const next = published((pointer) => parseLsn(pointer.lsn) > before && pointer.changed.length > 0);
        await pool.query(thousandChanges(run));
        // The first one warms the code.
        const ms = await next;
        if (run > 0) parts.push(ms);
      }
      if (failures.length > 0) throw new Error(`a build reported ${JSON.stringify(failures[0])}`);
      const size = `${scale}, ${customers} customers of ${linesPerCustomer} lines`;
      const ofWhole = timed("models.build", percentile(whole, 0.5), "limit", fullLimitMs, `${size}, all models from nothing`, whole.length);
      const ofParts = timed("models.build", percentile(parts, 0.5), "limit", changesLimitMs, `${size}, after 1,000 changes`, parts.length);
      return [ofWhole, ofParts];
    } finally {
      await builder?.stop();
      await mirror.stop();
      warehouse.close();
      await pool.end();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

export default [build];
