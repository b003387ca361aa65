import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, it } from "vitest";
import { keepAside } from "./keep-aside.ts";
import { openWarehouse, type Warehouse } from "./warehouse.ts";

let folder: string;
let warehouse: Warehouse;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kehu-aside-"));
  await mkdir(join(folder, "kept"));
  warehouse = await openWarehouse({ dir: join(folder, "warehouse") });
});

afterAll(async () => {
  warehouse.close();
  await rm(folder, { recursive: true, force: true });
});

const rowsIn = async (file: string, sql: string): Promise<unknown[][]> => {
  const instance = await DuckDBInstance.create(join(folder, "kept", file), { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
};

it("keeps mirror and fits as committed, in files that stand alone, while others write and read", async () => {
  const [writer, reader] = [await warehouse.connect(), await warehouse.connect()];
  await writer.run(`create schema mirror.raw; create table mirror.raw.t as select range as n, 'v' || range as v from range(50000);
    create schema warehouse.fits; create table warehouse.fits."a table" as select 1.25::decimal(18,2) as x;
    create schema warehouse.marts; create table warehouse.marts.m as select 1 as n`);
  await reader.run("begin");
  await reader.run("select count(*) from mirror.raw.t");
  await writer.run("begin");
  await writer.run("insert into mirror.raw.t values (-1, 'not committed')");
  await keepAside(warehouse, join(folder, "kept"));
  const before = await Promise.all(["mirror.duckdb", "fits.duckdb"].map((file) => readFile(join(folder, "kept", file))));
  await writer.run("commit");
  await reader.run("commit");
  const after = await Promise.all(["mirror.duckdb", "fits.duckdb"].map((file) => readFile(join(folder, "kept", file))));
  expect(before.map((bytes, index) => bytes.equals(after[index]!))).toEqual([true, true]);
  expect((await readdir(join(folder, "kept"))).toSorted()).toEqual(["fits.duckdb", "mirror.duckdb"]);
  expect(await rowsIn("mirror.duckdb", "select count(*)::int, max(v) from raw.t")).toEqual([[50000, "v9999"]]);
  expect(await rowsIn("fits.duckdb", `select cast(x as varchar) from fits.fits."a table"`)).toEqual([["1.25"]]);
  expect(await rowsIn("fits.duckdb", "select count(*)::int from duckdb_tables()")).toEqual([[1]]);
});
