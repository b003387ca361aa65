import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMirror, openWarehouse, publishSnapshot, snapshotsFolder, type Mirror, type Warehouse } from "@kehu/ingest";
import { migrate, startPostgres, verifyAudit, type RunningPostgres } from "@kehu/operational-api";
import { createLogger, publicationName } from "@kehu/operational-api/definitions";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rewriteForErasure, startErasures } from "./erasure.ts";
import { searchBytes } from "./search-bytes.ts";
import { readSettings, type ChildSettings } from "./settings.ts";

const logger = createLogger({ service: "test", level: process.env["KEHU_TEST_LOG"] ?? "silent" });
/** Spelled in pieces, so that a copy of this file in a folder searched is not what is found. */
const name = ["欧阳", "拾贰"].join("");
const mobiles = ["4711", "4712"].map((end) => `1390000${end}`);
const sought = [name, ...mobiles];

let dataDir: string;
let postgres: RunningPostgres;
let client: Client;
let settings: ChildSettings;

/** The warehouse process as far as it matters here: the mirror runs, and a build copies names into a mart. */
async function runWarehouse(build: string): Promise<{ warehouse: Warehouse; mirror: Mirror; stop(): Promise<void> }> {
  const warehouse = await openWarehouse({ dir: settings.warehouseDir });
  const mirror = createMirror({
    sourceUrl: postgres.url,
    schema: "crm",
    publication: publicationName,
    slot: "kehu_mirror",
    warehouse,
    logger,
  });
  await mirror.start();
  const { rows } = await client.query<{ lsn: string }>("select pg_logical_emit_message(true, 'test', '')::text as lsn");
  await mirror.waitFor(rows[0]?.lsn ?? "", 60_000);
  const connection = await warehouse.connect();
  await connection.run(`
    create schema if not exists warehouse.fits; create table if not exists warehouse.fits.runs as select 7 as kept;
    create schema if not exists warehouse.marts; create or replace table warehouse.marts.dim_contacts as select name, mobile from mirror.raw.contacts`);
  await publishSnapshot(warehouse, { build, lsn: "0/1", freshTo: "2026-11-22T00:00:00Z", failedTests: 0, changed: [] });
  return {
    warehouse,
    mirror,
    stop: async () => {
      await mirror.stop();
      warehouse.close();
    },
  };
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "kehu-erasure-"));
  postgres = await startPostgres({ dataDir });
  await migrate(postgres.url, { ...readSettings({ KEHU_DATA_DIR: dataDir }), secret: "a secret that only tests know, 32 bytes" });
  client = new Client({ connectionString: postgres.url });
  await client.connect();
  settings = {
    ...readSettings({ KEHU_DATA_DIR: dataDir }),
    databaseUrl: postgres.url,
    secret: "a secret that only tests know, 32 bytes",
    internalSecret: "internal",
    isDemoCompany: false,
  };
});

afterAll(async () => {
  await client?.end();
  await postgres?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

it(
  "erases a person from every file, over a restart in its midst, proves it by a search, and keeps the rest (O18)",
  { timeout: 300_000 },
  async () => {
    const one = async (sql: string, values: unknown[] = []): Promise<string> =>
      (await client.query<{ id: string }>(sql, values)).rows[0]?.id ?? "";
    const customer = await one("insert into crm.customers (name) values ('甲公司') returning id");
    const contact = await one("insert into crm.contacts (customer_id, name, mobile) values ($1, $2, $3) returning id", [
      customer,
      name,
      mobiles[0],
    ]);
    const department = await one("insert into crm.departments (name) values ('销售部') returning id");
    const owner = await one("insert into crm.employees (name, department_id) values ('李四', $1) returning id", [department]);
    await client.query("insert into crm.contacts (customer_id, name) values ($1, '张三')", [customer]);
    await client.query("insert into crm.activities (kind, subject, note, contact_id, owner_id) values ('call', $1, $2, $3, $4)", [
      `${name}来电`,
      mobiles[0],
      contact,
      owner,
    ]);
    await client.query(
      `insert into audit.entries (action, entity, record_id, old_values, new_values)
     values ('update', 'contact', $1, jsonb_build_object('mobile', $2::text), jsonb_build_object('mobile', $3::text))`,
      [contact, mobiles[0], mobiles[1]],
    );
    let running = await runWarehouse("20260101T000000Z-1");
    await client.query("update crm.contacts set mobile = $2 where id = $1", [contact, mobiles[1]]);
    const erasure = await one(
      "insert into audit.erasures (entity, record_id, requested_at, step) values ('contact', $1, now(), 'requested') returning id",
      [contact],
    );
    const job = async () => {
      const { rows } = await client.query<{
        step: string;
        places: { place: string; count: number }[];
        failure: string | null;
        sought: Buffer | null;
      }>("select step, places, failure, sought from audit.erasures where id = $1", [erasure]);
      return rows[0];
    };

    const restarted = Promise.withResolvers<void>();
    const first = startErasures({ settings, ...running, logger, restart: restarted.resolve });
    await restarted.promise;
    await first.stop();
    await running.stop();
    expect(await job()).toMatchObject({ step: "rewriting", failure: null });

    await rewriteForErasure(settings, logger);
    running = await runWarehouse("20260101T000000Z-2");
    const second = startErasures({ settings, ...running, logger, restart: () => {} });
    try {
      await expect.poll(async () => (await job())?.step, { timeout: 120_000, interval: 200 }).toBe("finished");
    } finally {
      await second.stop();
    }
    const ended = await job();
    expect(ended).toMatchObject({ failure: null, sought: null });
    const places = ended?.places.map(({ place }) => place);
    expect(places).toEqual(
      expect.arrayContaining([
        "crm.contacts",
        "crm.activities.subject",
        "crm.activities.note",
        "audit.entries",
        "mirror.raw_changes.contacts.mobile",
        "mirror.raw_changes.activities.subject",
        "kept snapshots",
      ]),
    );

    const connection = await running.warehouse.connect();
    const rowsOf = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRows();
    expect(await rowsOf("select name, mobile from mirror.raw.contacts order by name")).toEqual([
      ["张三", null],
      ["［已擦除］", null],
    ]);
    expect(Number((await rowsOf(`select count(*) from mirror.raw_changes.contacts where id = '${contact}'`))[0]?.[0])).toBeGreaterThan(1);
    expect(await rowsOf("select kept from warehouse.fits.runs")).toEqual([[7]]);
    expect((await readdir(snapshotsFolder(settings.warehouseDir))).filter((file) => file.endsWith(".duckdb"))).toEqual([
      "20260101T000000Z-2.duckdb",
    ]);
    expect((await verifyAudit(postgres.url)).fault).toBeNull();
    await running.stop();
    expect(await searchBytes([dataDir], sought)).toEqual([]);
  },
);
