import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase } from "../../operational-api/src/postgres/testing.ts";
import type { TestDatabase } from "../../operational-api/src/postgres/testing.ts";
import { parseLsn } from "./lsn.ts";
import { silent } from "./mirror/testing.ts";
import { syncOnce } from "./sync.ts";
import { verify } from "./verify.ts";

const shared = process.env.KEHU_SHARED_DATA ?? resolve(import.meta.dirname, "../../../shared/data");

let database: TestDatabase;
let dir: string;
beforeEach(async () => {
  database = await createTestDatabase();
  dir = await mkdtemp(join(tmpdir(), "kehu-sync-"));
});
afterEach(async () => {
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

async function run(sql: string): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function rows(file: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(`attach '${file}' as kept (read_only); use kept`);
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test("the first sync copies, the second continues: each change is logged once", async () => {
  await run("create schema shop; create table shop.things (id int primary key, name text); insert into shop.things values (1, 'a')");
  // The name of a schema inside, to see that it is not taken for it.
  const options = { source: database.url, schema: "shop", database: join(dir, "raw.duckdb"), logger: silent };
  const first = await syncOnce(options);
  await run(
    "insert into shop.things values (2, 'b'); update shop.things set name = 'A' where id = 1; create table shop.later (id int primary key)",
  );
  const second = await syncOnce(options);
  expect(parseLsn(second.lsn)).toBeGreaterThan(parseLsn(first.lsn));
  expect(await rows(options.database, "select id, name from raw.things order by id")).toEqual([
    [1, "A"],
    [2, "b"],
  ]);
  const log = await rows(options.database, "select _op, id from raw_changes.things order by _lsn, _seq");
  expect(log).toEqual([
    ["copy", 1],
    ["insert", 2],
    ["update", 1],
  ]);
  expect(await rows(options.database, "select count(*)::int from raw.later")).toEqual([[0]]);
  expect((await verify(options)).differs).toEqual([]);
  expect(await rows(options.database, "select count(*)::int from raw_changes.things")).toEqual([[3]]);
});

test("after the slot was lost the tables are copied again, and only the differences are logged", async () => {
  await run(
    "create schema shop; create table shop.things (id int primary key, name text); insert into shop.things values (1, 'a'), (2, 'b'), (3, 'c')",
  );
  const options = { source: database.url, schema: "shop", database: join(dir, "shop.duckdb"), logger: silent };
  await syncOnce(options);
  await run("select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()");
  await run(
    "update shop.things set name = 'B' where id = 2; delete from shop.things where id = 3; insert into shop.things values (4, 'd')",
  );
  await syncOnce(options);
  expect(await rows(options.database, "select _op, id, name, _actor from raw_changes.things where _op <> 'copy' order by id")).toEqual([
    ["resync", 2, "B", null],
    ["delete", 3, null, "kehu.resync"],
    ["resync", 4, "d", null],
  ]);
  expect((await verify(options)).differs).toEqual([]);
});

test("a file that was made from another server's data is copied again: its positions mean nothing here", async () => {
  await run(
    "create schema shop; create table shop.things (id int primary key, name text); insert into shop.things values (1, 'a'), (2, 'b')",
  );
  const options = { source: database.url, schema: "shop", database: join(dir, "shop.duckdb"), logger: silent };
  await syncOnce(options);
  const instance = await DuckDBInstance.create(options.database);
  const connection = await instance.connect();
  await connection.run("update meta.mirror_source set system_id = '1'; update meta.mirror_state set applied_lsn = 'F/0'");
  await connection.run("update raw.things set name = 'elsewhere' where id = 2; checkpoint");
  connection.closeSync();
  instance.closeSync();
  await syncOnce(options);
  expect(await rows(options.database, "select id, name from raw.things order by id")).toEqual([
    [1, "a"],
    [2, "b"],
  ]);
  expect(await rows(options.database, "select id, name from raw_changes.things where _op = 'resync'")).toEqual([[2, "b"]]);
});

test.each([
  ["was restored from an older copy: its log ends before the mirror's position", "update meta.mirror_state set applied_lsn = 'FF/0'"],
  ["goes on from another history", "update meta.mirror_source set timeline = 99"],
  ["has a publication made anew", "update meta.mirror_source set publication_oid = 1"],
])("a source that %s is copied again", async (_name, sql) => {
  await run(
    "create schema shop; create table shop.things (id int primary key, name text); insert into shop.things values (1, 'a'), (2, 'b')",
  );
  const options = { source: database.url, schema: "shop", database: join(dir, "shop.duckdb"), logger: silent };
  await syncOnce(options);
  const instance = await DuckDBInstance.create(options.database);
  const connection = await instance.connect();
  await connection.run(`${sql}; update raw.things set name = 'of another history' where id = 2; checkpoint`);
  connection.closeSync();
  instance.closeSync();
  await syncOnce(options);
  expect(await rows(options.database, "select id, name from raw_changes.things where _op = 'resync'")).toEqual([[2, "b"]]);
  expect((await verify(options)).differs).toEqual([]);
});

test("a table whose rows nothing identifies is named and left alone: published, its updates would be refused", async () => {
  await run("create schema shop; create table shop.loose (a int); create table shop.things (id int primary key)");
  const options = { source: database.url, schema: "shop", database: join(dir, "shop.duckdb"), logger: silent };
  const { problems } = await syncOnce(options);
  expect(problems).toMatchObject([{ code: "not_published", table: "loose", what: expect.stringContaining("no primary key") }]);
  await run("insert into shop.loose values (1), (1); update shop.loose set a = 2");
  await run("alter table shop.loose replica identity full");
  expect((await syncOnce(options)).problems).toEqual([]);
  expect(await rows(options.database, "select a from raw.loose")).toEqual([[2], [2]]);
  await expect(syncOnce({ ...options, schema: "nowhere" })).rejects.toThrow('no schema "nowhere"');
});

/** Row counts as the data's own description has them. */
const datasets = [
  { name: "northwind", file: "northwind/northwind.sql", counts: { orders: 830, order_details: 2155 } },
  { name: "chinook", file: "chinook/Chinook_PostgreSql_AutoIncrementPKs.sql", counts: { invoice: 412 } },
] as const;

for (const dataset of datasets) {
  const file = join(shared, dataset.file);
  test.skipIf(!existsSync(file))(`${dataset.name} is mirrored whole (needs ${dataset.file} in KEHU_SHARED_DATA)`, async () => {
    const script = await readFile(file, "utf8");
    // psql's own commands, and those that make and enter a database of another name, have no place here.
    await run(script.replaceAll(/^(\\.*|drop database.*|create database.*)$/gim, ""));
    const options = { source: database.url, schema: "public", database: join(dir, "sample.duckdb"), logger: silent };
    await syncOnce(options);
    const result = await verify(options);
    expect(result.differs).toEqual([]);
    expect(result.tables.length).toBeGreaterThan(10);
    expect(result.tables.every(({ rows: there, mirroredRows }) => there === mirroredRows)).toBe(true);
    expect(result.problems).toEqual([]);
    const counts = new Map(result.tables.map(({ table, mirroredRows }) => [table, mirroredRows]));
    for (const [table, count] of Object.entries(dataset.counts)) expect([table, counts.get(table)]).toEqual([table, count]);
  });
}
