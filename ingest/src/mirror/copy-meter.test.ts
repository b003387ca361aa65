import { afterEach, beforeEach, expect, test } from "vitest";
import { startCopyMeter } from "./copy-meter.ts";
import type { CopyProgress } from "./copy-meter.ts";
import { copyRows } from "./copy-rows.ts";
import { connectSource } from "./replication-connection.ts";
import { readSourceTables } from "./source-catalog.ts";
import { openMirrorBench } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";
import { startStallingProxy } from "./trial/stalling-proxy.ts";
import type { StallingProxy } from "./trial/stalling-proxy.ts";

let bench: MirrorBench;
let proxy: StallingProxy;
beforeEach(async () => {
  bench = await openMirrorBench();
  proxy = await startStallingProxy(Number(new URL(bench.url).port));
});
afterEach(async () => {
  proxy.release();
  await bench.close();
  proxy.close();
});

test("a first copy tells in the middle of a table how many rows have come, of how many, and nothing once it is whole", async () => {
  // More than the connection holds, so that the server stops in the middle while nobody reads.
  await bench.source.query(`
    create table things (id int primary key, body text); insert into things select n, repeat(md5(n::text), 20) from generate_series(1, 60000) as n;
    create table others (id int primary key); insert into others select generate_series(1, 300);
    create table parted (id int primary key) partition by range (id); create table part partition of parted for values from (0) to (1000);
    insert into parted select generate_series(1, 200); create table "Empty" (id int primary key); analyze`);
  const url = new URL(bench.url);
  url.port = String(proxy.port);
  const mirror = await bench.mirror({ sourceUrl: url.href });
  const begun = proxy.stall('"body" from only "crm"."things"');
  const starting = mirror.start();
  await begun;
  const copying = () => mirror.condition().copying;
  await expect.poll(() => copying()?.reading[0]?.rows ?? 0, { timeout: 20_000 }).toBeGreaterThan(0);
  // One reader stands still; on a machine with another processor a second one reads on.
  const { reading, rows, ofRows, tables } = copying()!;
  expect(reading[0]).toMatchObject({ table: "things", ofRows: 60_000 });
  expect(reading[0]!.rows).toBeLessThan(60_000);
  expect(rows).toBeGreaterThanOrEqual(reading[0]!.rows);
  expect(rows).toBeLessThanOrEqual(reading[0]!.rows + 500);
  // What the planner expects of an empty table is a guess.
  expect(ofRows).toBeGreaterThanOrEqual(60_500);
  expect(ofRows).toBeLessThan(65_000);
  expect(tables).toBe(4);
  proxy.release();
  await starting;
  expect(copying()).toBeNull();
  expect(mirror.condition().lastCopy).toMatchObject({ tables: 4 });
});

test("a table that is read in parts is counted to the row, and is whole when no part is being read", async () => {
  await bench.source.query(
    "create table things (id int primary key, n int); insert into things select n, n from generate_series(1, 5000) as n",
  );
  const told: CopyProgress[] = [];
  const client = await connectSource(bench.url);
  const reader = await connectSource(bench.url);
  await bench.source.query("create publication kehu for tables in schema crm");
  const { tables } = await readSourceTables(client, "kehu", "crm");
  const meter = await startCopyMeter({ client, schema: "crm", tables, changed: (progress) => told.push(progress) });
  try {
    meter.watch(reader);
    meter.loading("things", 0);
    for (const where of ["id <= 2000", "id > 2000"]) {
      await copyRows(reader, `copy (select "id", "n" from only "crm"."things" where ${where}) to stdout (format csv)`, () => undefined);
    }
    meter.loading("things", 1);
  } finally {
    meter.stop();
    await reader.end();
    await client.end();
  }
  expect(told[0]).toMatchObject({ table: "things", done: 0, tables: 1, rows: 0 });
  expect(told[0]!.ofRows).toBeGreaterThan(0);
  expect(told.at(-1)).toMatchObject({ table: "things", done: 1, tables: 1, rows: 5000, ofRows: 5000, reading: [] });
  expect(told.at(-1)!.bytes).toBeGreaterThan(5000 * 8);
});
