import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createMirror,
  openSnapshot,
  openWarehouse,
  parseLsn,
  readPointer,
  type Mirror,
  type SnapshotPointer,
  type Warehouse,
} from "@kehu/ingest";
import { createPool, fillDemoCompany, migrate } from "@kehu/operational-api";
import { publicationName } from "@kehu/operational-api/definitions";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../operational-api/src/postgres/testing.ts";
import { createLiveBuilder, type LiveBuilder } from "./live-builder.ts";

/** The whole way on the real parts: Postgres, mirror, this repository's models, snapshot. */
const until = new Date("2026-11-22T02:00:00Z");
const failures: object[] = [];
const logger = { info: () => undefined, warn: () => undefined, error: (fields: object) => void failures.push(fields) };

let folder: string;
let database: TestDatabase;
let pool: ReturnType<typeof createPool>;
let warehouse: Warehouse;
let mirror: Mirror;
let builder: LiveBuilder;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kehu-company-"));
  database = await createTestDatabase();
  await migrate(database.url);
  await fillDemoCompany({ url: database.url, customers: 40, years: 1, until, timezone: "Asia/Shanghai", currency: "CNY" });
  pool = createPool(database.url);
  warehouse = await openWarehouse({ dir: join(folder, "warehouse") });
  mirror = createMirror({
    sourceUrl: database.url,
    schema: "crm",
    publication: publicationName,
    slot: `live_${process.pid}`,
    warehouse,
    logger,
  });
  await mirror.start();
  builder = createLiveBuilder({
    warehouse,
    mirror,
    projectDir: join(import.meta.dirname, "../.."),
    vars: {},
    clock: () => until,
    publishSeconds: 0,
    logger,
  });
  await builder.start();
});

afterAll(async () => {
  await builder?.stop();
  await mirror?.stop();
  warehouse?.close();
  await pool?.end();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function ask(pointer: SnapshotPointer, sql: string): Promise<Record<string, unknown>> {
  const instance = await openSnapshot(pointer.file);
  const connection = await instance.connect();
  try {
    await connection.run("use snap");
    const [row = {}] = await (await connection.run(sql)).getRowObjectsJson();
    return row;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const inPostgres = async (sql: string): Promise<Record<string, unknown>> => (await pool.query<Record<string, unknown>>(sql)).rows[0] ?? {};

/** The first served snapshot that says it includes this position. */
async function snapshotAt(lsn: string): Promise<SnapshotPointer> {
  let served: SnapshotPointer | null = null;
  await expect
    .poll(
      async () => {
        served = await readPointer(warehouse.dir);
        return served !== null && parseLsn(served.lsn) >= parseLsn(lsn);
      },
      { timeout: 30_000, interval: 20 },
    )
    .toBe(true);
  return served ?? Promise.reject(new Error("nothing is published"));
}

it("publishes the demo company: what stands in Postgres stands in the marts", async () => {
  expect(failures).toEqual([]);
  const pointer = await readPointer(warehouse.dir);
  if (!pointer) throw new Error("nothing is published");
  const counts = (schema: string, names: [string, string, string]): string =>
    `select (select count(*) from ${schema}.${names[0]}) as customers, (select count(*) from ${schema}.${names[1]}) as opportunities, (select count(*) from ${schema}.${names[2]}) as receipts`;
  const inSource = await inPostgres(counts("crm", ["customers", "opportunities", "receipts"]));
  expect(await ask(pointer, counts("marts", ["dim_customers", "fct_opportunities", "fct_receipts"]))).toEqual(inSource);
  expect(Number(inSource.customers)).toBe(40);
});

it("a snapshot that states a position has every row committed before it", async () => {
  for (let round = 1; round <= 8; round++) {
    await pool.query(
      "insert into crm.customers (name, kind, owner_id) select $1, kind, owner_id from crm.customers order by row_key limit 1",
      [`新客户${round}`],
    );
    const { lsn } = await inPostgres("select pg_current_wal_insert_lsn()::text as lsn");
    const pointer = await snapshotAt(String(lsn));
    expect(await ask(pointer, "select count(*)::int as customers from marts.dim_customers")).toEqual({ customers: 40 + round });
    expect(await ask(pointer, "select count(*)::int as customers from staging.stg_crm__customers")).toEqual({ customers: 40 + round });
  }
  expect(failures).toEqual([]);
});

it("rebuilds what depends on a setting as soon as the company changes it, nightly models too", async () => {
  const today = "date '2026-11-22'";
  const active = (days: string): string =>
    `select count(distinct customer_key)::int as customers from marts.fct_orders where is_counted and kind = 'sale' and ordered_on <= ${today} and ordered_on > ${today} - ${days}`;
  const figures = `
    select
      (select value from marts.dim_company_settings where setting = 'active_days') as setting,
      (select count(*)::int from marts.dim_customers where is_active) as now_active,
      (select count(*)::int from marts.fct_customer_months where month = date '2026-11-01' and is_active_at_end) as this_month_active,
      (select count(*)::int from marts.fct_customer_rfm where order_count > 0) as bought`;
  const decisions = [
    ["20", "insert into crm.company_settings (key, value) values ('active_days', '20')"],
    ["365", "update crm.company_settings set deleted_at = now() where key = 'active_days'"],
  ] as const;
  for (const [value, decision] of decisions) {
    await pool.query(decision);
    const { lsn } = await inPostgres("select pg_current_wal_insert_lsn()::text as lsn");
    const pointer = await snapshotAt(String(lsn));
    const { customers } = await ask(pointer, active(value));
    expect(await ask(pointer, figures)).toEqual({
      setting: value,
      now_active: customers,
      this_month_active: customers,
      bought: customers,
    });
  }
  expect(failures).toEqual([]);
});
