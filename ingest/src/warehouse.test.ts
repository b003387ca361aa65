import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, expect, test } from "vitest";
import {
  advancePointer,
  openSnapshot,
  openWarehouse,
  pinSnapshot,
  publishSnapshot,
  readPointer,
  resumeSnapshots,
  retained,
  watchPointer,
} from "./index.ts";
import type { SnapshotPointer, Warehouse } from "./index.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function openScratch(): Promise<Warehouse> {
  const dir = await mkdtemp(join(tmpdir(), "kehu-warehouse-"));
  cleanups.push(() => rm(dir, { recursive: true }));
  const warehouse = await openWarehouse({ dir, threads: 1, memoryLimit: "200MB" });
  cleanups.push(() => warehouse.close());
  return warehouse;
}

const publication = (build: string) => ({
  build,
  lsn: "0/1",
  freshTo: "2026-11-22T00:00:00.000Z",
  failedTests: 0,
  changed: ["fct_orders"],
});

test("a publish is the committed state of the warehouse catalog only, and becomes current", async () => {
  const warehouse = await openScratch();
  expect(await readPointer(warehouse.dir)).toBeNull();
  const connection = await warehouse.connect();
  await connection.run("create schema mirror.raw; create table mirror.raw.orders as select 1 as a");
  await connection.run("use warehouse; create schema marts; create table marts.fct_orders as select 7 as amount");
  await connection.run("create view marts.orders as select * from marts.fct_orders");
  const pointer = await publishSnapshot(warehouse, publication("b1"));
  expect(await readPointer(warehouse.dir)).toEqual(pointer);
  await connection.run("insert into marts.fct_orders values (8)");

  const snapshot = await openSnapshot(pointer.file, { threads: 1 });
  const reader = await snapshot.connect();
  cleanups.push(() => reader.closeSync());
  const rows = await reader.runAndReadAll("select amount, current_setting('TimeZone') as zone from snap.marts.orders");
  expect(rows.getRowObjectsJson()).toEqual([{ amount: 7, zone: "UTC" }]);
  const tables = await reader.runAndReadAll("select database_name, table_name from duckdb_tables() where not internal");
  expect(tables.getRows()).toEqual([["snap", "fct_orders"]]);
  await expect(reader.run("insert into snap.marts.fct_orders values (9)")).rejects.toThrow(/read-only/);
});

test("a publish waits for a transaction that another connection has open on the catalog", async () => {
  const warehouse = await openScratch();
  const [writer, other] = [await warehouse.connect(), await warehouse.connect()];
  await writer.run("use warehouse; create schema marts; create table marts.numbers as select * from range(10000) as numbers(n)");
  await other.run("begin; select count(*) from warehouse.marts.numbers");
  await writer.run("update marts.numbers set n = 0 where n < 100; delete from marts.numbers where n % 2 = 1");
  await other.run("insert into warehouse.marts.numbers values (-1)");
  await expect(writer.run("checkpoint warehouse")).rejects.toThrow(/transaction/);
  const publishing = publishSnapshot(warehouse, publication("b1"));
  await other.run("commit");
  const reader = await (await openSnapshot((await publishing).file)).connect();
  cleanups.push(() => reader.closeSync());
  expect((await reader.runAndReadAll("select count(*)::int from snap.marts.numbers")).getRows()).toEqual([[5051]]);
});

test("a view that reaches outside the warehouse stops the publish and leaves nothing behind", async () => {
  const warehouse = await openScratch();
  const connection = await warehouse.connect();
  await connection.run("create schema mirror.raw; create table mirror.raw.orders as select 1 as a");
  await connection.run("create schema warehouse.staging; create view warehouse.staging.orders as select * from mirror.raw.orders");
  await expect(publishSnapshot(warehouse, publication("b1"))).rejects.toThrow(/"staging"\."orders" refers to something outside/);
  expect(await readPointer(warehouse.dir)).toBeNull();
  expect(await readdir(join(warehouse.dir, "snapshots"))).toEqual([]);
});

test("what a killed publish left half written is gone after the next open", async () => {
  const warehouse = await openScratch();
  await publishSnapshot(warehouse, publication("b1"));
  const folder = join(warehouse.dir, "snapshots");
  warehouse.close();
  cleanups.pop();
  await writeFile(join(folder, "b2.duckdb.tmp"), "half");
  await writeFile(join(folder, "current.json.tmp"), "half");
  const again = await openWarehouse({ dir: warehouse.dir, threads: 1, memoryLimit: "200MB" });
  cleanups.push(() => again.close());
  expect((await readdir(folder)).toSorted()).toEqual(["b1.duckdb", "b1.json", "current.json"]);
  expect((await readPointer(again.dir))?.build).toBe("b1");
});

test("watchers see each publish and each advance; an advance moves only position and freshness", async () => {
  const warehouse = await openScratch();
  const seen: SnapshotPointer[] = [];
  let wake = (): void => {};
  const stop = watchPointer(warehouse.dir, (pointer) => {
    seen.push(pointer);
    wake();
  });
  cleanups.push(stop);
  const next = (count: number) => new Promise<void>((resolve) => (wake = () => seen.length >= count && resolve()));
  const first = next(1);
  const published = await publishSnapshot(warehouse, publication("b1"));
  await first;
  const second = next(2);
  const advanced = await advancePointer(warehouse.dir, { lsn: "0/2", freshTo: "2026-11-22T00:00:05.000Z" });
  await second;
  expect(seen).toEqual([published, advanced]);
  expect(advanced).toEqual({ ...published, lsn: "0/2", freshTo: "2026-11-22T00:00:05.000Z" });
  expect(await readPointer(warehouse.dir)).toEqual(advanced);
});

test("retention keeps the last ones, one per hour and one per day, and never drops the current one", async () => {
  const hour = 3_600_000;
  const now = 1000 * 24 * hour + hour / 2;
  const at = (hoursAgo: number) => ({ name: `h${hoursAgo}`, at: now - hoursAgo * hour });
  const snapshots = [0, 0.1, 0.2, 0.3, 1, 1.2, 5, 30, 31, 60, 24 * 9].map(at);
  expect([...retained(snapshots, { last: 3, hours: 24, days: 7 }, now)].toSorted()).toEqual(
    ["h0", "h0.1", "h0.2", "h1", "h5", "h30", "h60"].toSorted(),
  );

  const warehouse = await openScratch();
  await publishSnapshot(warehouse, publication("b1"));
  await utimes(join(warehouse.dir, "snapshots", "b1.duckdb"), 1, 1);
  await publishSnapshot(warehouse, { ...publication("b2"), keep: { last: 0, hours: 0, days: 0 } });
  expect((await readdir(join(warehouse.dir, "snapshots"))).toSorted()).toEqual(["b2.duckdb", "b2.json", "current.json"]);
});

test("a pinned snapshot is served and kept while later ones are published, until it is resumed", async () => {
  const warehouse = await openScratch();
  const { dir } = warehouse;
  const keep = { last: 0, hours: 0, days: 0 };
  await publishSnapshot(warehouse, publication("b1"));
  expect(await resumeSnapshots(dir)).toBeNull();
  await expect(pinSnapshot(dir, "b9")).rejects.toThrow('no snapshot "b9"; kept are b1');
  const pinned = await pinSnapshot(dir, "b1");
  await publishSnapshot(warehouse, { ...publication("b2"), keep, clock: () => new Date("2100-01-01T00:00:00Z") });
  await advancePointer(dir, { lsn: "0/9", freshTo: "2100-01-01T00:00:00.000Z" });
  expect(await readPointer(dir)).toEqual(pinned);
  expect((await readdir(join(dir, "snapshots"))).filter((name) => name.endsWith(".duckdb")).toSorted()).toEqual(["b1.duckdb", "b2.duckdb"]);
  expect((await resumeSnapshots(dir))?.build).toBe("b2");
  expect((await readPointer(dir))?.pinned).toBeUndefined();
});

test("a new mirror has the format that is written at least cost; one that is there keeps its own, and what is published stays readable by older programs", async () => {
  const formats = async (warehouse: Warehouse): Promise<unknown> => {
    const found = await (
      await warehouse.connect()
    ).runAndReadAll("select database_name, tags['storage_version'] from duckdb_databases() where not internal order by 1");
    return found.getRows();
  };
  const fresh = await openScratch();
  await (await fresh.connect()).run(`attach '${join(fresh.dir, "aside.duckdb")}' as aside`);
  expect(await formats(fresh)).toEqual([
    ["aside", "v1.0.0+"],
    ["mirror", "v1.3.0+"],
    ["warehouse", "v1.0.0+"],
  ]);
  const dir = await mkdtemp(join(tmpdir(), "kehu-warehouse-"));
  cleanups.push(() => rm(dir, { recursive: true }));
  const old = await DuckDBInstance.create(join(dir, "mirror.duckdb"));
  const connection = await old.connect();
  await connection.run("create table kept as select 7 as n");
  connection.closeSync();
  old.closeSync();
  const warehouse = await openWarehouse({ dir, threads: 1, memoryLimit: "200MB" });
  cleanups.push(() => warehouse.close());
  expect(await formats(warehouse)).toEqual([
    ["mirror", "v1.0.0+"],
    ["warehouse", "v1.0.0+"],
  ]);
  const kept = await (await warehouse.connect()).runAndReadAll("select n from mirror.main.kept");
  expect(kept.getRows()).toEqual([[7]]);
});
