import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openMirrorBench } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";
import type { Mirror } from "./mirror.ts";

let bench: MirrorBench;
let mirror: Mirror;
beforeEach(async () => {
  bench = await openMirrorBench();
  await bench.source.query("create table things (id int primary key, a int, b int); insert into things values (1, 10, 100), (2, 20, 200)");
  mirror = await bench.mirror();
  await mirror.start();
  await bench.settle();
});
afterEach(() => bench.close());

/** Says nothing else to the source: the statement itself must be noticed. */
const expectFollowed = async (): Promise<void> => {
  const result = await bench.verify();
  expect(result.differs).toEqual([]);
  expect(
    (
      await bench.rows("select table_name as name from duckdb_tables() where schema_name = 'raw' and database_name = 'mirror' order by 1")
    ).map(({ name }) => name),
  ).toEqual(result.tables.map(({ table }) => table));
};

test.each([
  ["a column dropped and made again under its name and type", "alter table things drop column a; alter table things add column a int"],
  [
    "two columns that swap their names",
    "alter table things rename a to c; alter table things rename b to a; alter table things rename c to b",
  ],
  ["a column rewritten without another type", "alter table things alter column a type int using a + 1"],
  ["a column whose name changes its case", 'alter table things rename a to "A"'],
  [
    "a column retyped to one that older changes do not fit",
    "update things set a = 11; alter table things alter column a type date using '2024-01-01'::date + a",
  ],
  ["every column but the key replaced", "alter table things drop column a, drop column b, add column c text default 'x'"],
  ["another key", "alter table things drop constraint things_pkey, add primary key (a)"],
  [
    "no key any more, but whole rows",
    "alter table things drop constraint things_pkey; alter table things replica identity full; delete from things where id = 1",
  ],
  ["a table renamed", "update things set a = 12; alter table things rename to objects"],
  ["a table dropped", "drop table things"],
  [
    "a table dropped and made again",
    "insert into things values (3, 3, 3); drop table things; create table things (id int primary key, a int, b int); insert into things values (3, 4, 5)",
  ],
  [
    "two tables that swap their names",
    "create table others (id int primary key, a int, b int); insert into others values (1, 1, 1); alter table things rename to t; alter table others rename to things; alter table t rename to others",
  ],
  ["a table rewritten by a new default that is not constant", "alter table things add column uid uuid default gen_random_uuid()"],
])("%s", async (_name, statements) => {
  await bench.source.query(statements);
  await expectFollowed();
  await bench.settle();
  await expectFollowed();
});

test("a label of an enum renamed, an attribute of a composite added: rows that nobody wrote are read again", async () => {
  await bench.source.query(`create type mood as enum ('sad', 'glad'); create type place as (street text);
    create table moods (id int primary key, mood mood, moods mood[], place place); insert into moods values (1, 'sad', '{sad,glad}', row('x'))`);
  await expectFollowed();
  await bench.source.query("alter type mood rename value 'sad' to 'blue'");
  await expectFollowed();
  expect(await bench.rows("select mood, moods from raw.moods")).toEqual([{ mood: "blue", moods: "{blue,glad}" }]);
  await bench.source.query("alter type place add attribute number int");
  await expectFollowed();
});

test("a table, function, type or role renamed: rows that name it are read again, and only those that differ are logged", async () => {
  const role = `named_${randomBytes(4).toString("hex")}`;
  await bench.source.query(`create role ${role}; create function twice(int) returns int language sql as 'select $1 * 2';
    create table names (id int primary key, relation regclass, relations regclass[], made regprocedure, type regtype, owner regrole);
    insert into names values (1, 'crm.things', '{crm.things,pg_class}', 'crm.twice(int)', 'crm.things', '${role}')`);
  try {
    await expectFollowed();
    await bench.source.query(
      `alter table things rename to objects; alter function twice(int) rename to double; alter role ${role} rename to ${role}x`,
    );
    await expectFollowed();
    expect(await bench.rows("select relation, relations, made, type, owner from raw.names")).toEqual([
      { relation: "crm.objects", relations: "{crm.objects,pg_class}", made: "crm.double(integer)", type: "crm.objects", owner: `${role}x` },
    ]);
    // For connections from now on, and not for those that there are.
    await bench.source.query(`alter database "${new URL(bench.url).pathname.slice(1)}" set search_path = crm`);
    await bench.source.query("create table later (id int primary key); insert into names (id, relation) values (2, 'crm.later')");
    await expectFollowed();
    expect(await bench.rows("select _op from raw_changes.names order by _lsn, _seq")).toEqual(
      ["copy", "resync", "insert"].map((_op) => ({ _op })),
    );
  } finally {
    await bench.source.query(`drop role if exists ${role}, ${role}x`);
  }
});

test("the log of a table that was dropped stays, and says that its rows went", async () => {
  await bench.source.query("drop table things");
  await expectFollowed();
  await bench.settle();
  expect(await bench.rows("select _op, id from raw_changes.things order by _lsn, _seq")).toEqual([
    { _op: "copy", id: 1 },
    { _op: "copy", id: 2 },
    { _op: "truncate", id: null },
  ]);
});

test("a publication that is dropped, or leaves out a kind of change for a while: everything is copied again", async () => {
  await bench.source.query("drop publication kehu; update things set a = 1; create publication kehu for tables in schema crm");
  await expect.poll(() => bench.verify().then(({ differs }) => differs, String), { timeout: 30_000 }).toEqual([]);
  await bench.source.query("alter publication kehu set (publish = 'insert')");
  await expect
    .poll(() => mirror.condition().problems.map(({ what }) => what), { timeout: 30_000 })
    .toEqual([expect.stringMatching(/leaves out update, delete, truncate; run: alter publication/)]);
  await bench.source.query("delete from things where id = 1");
  await bench.source.query("alter publication kehu set (publish = 'insert, update, delete, truncate')");
  await expect.poll(() => bench.verify().then(({ differs }) => differs, String), { timeout: 30_000 }).toEqual([]);
  expect(await bench.rows("select id, a from raw.things")).toEqual([{ id: 2, a: 1 }]);
});

test("rows out of step with the stream: that table alone is copied again", async () => {
  await bench.source.query(
    "create table others (id int primary key); insert into others values (1); alter table things alter b type text; alter table things alter b set storage external; update things set b = repeat('x', 5000)",
  );
  await expectFollowed();
  await bench.stop();
  mirror = await bench.mirror();
  const connection = await bench.connect();
  await connection.run("delete from raw.things where id = 1");
  connection.closeSync();
  await mirror.start();
  // The update leaves the large value out, and the row that has it is not there.
  await bench.source.query("update things set a = 5 where id = 1; insert into others values (2)");
  await expect
    .poll(() => bench.rows("select id, a, length(b)::int as b from raw.things order by id"), { timeout: 30_000 })
    .toEqual([
      { id: 1, a: 5, b: 5000 },
      { id: 2, a: 20, b: 5000 },
    ]);
  await expectFollowed();
  expect(await bench.rows("select _op, count(*)::int as n from raw_changes.others group by 1 order by 1")).toEqual([
    { _op: "copy", n: 1 },
    { _op: "insert", n: 1 },
  ]);
});

test("a transaction that stays open in the source holds up the table that is to be read again, and no other", async () => {
  await bench.source.query("create table others (id int primary key)");
  await expectFollowed();
  const long = new Client({ connectionString: bench.url });
  await long.connect();
  try {
    await long.query("begin; insert into crm.others values (1)");
    await bench.source.query("alter table things add column c int default 5");
    await bench.source.query("update things set a = 6 where id = 1");
    await bench.settle();
    expect(await bench.rows("select a from raw.things where id = 1")).toEqual([{ a: 6 }]);
    await expect
      .poll(() => mirror.condition().problems.map(({ code, table }) => [code, table]), { timeout: 20_000 })
      .toEqual([["waiting", "things"]]);
    await bench.source.query("insert into others values (2)");
    await bench.settle();
    expect(await bench.rows("select id from raw.others")).toEqual([{ id: 2 }]);
    await long.query("commit");
  } finally {
    await long.end();
  }
  await expect.poll(() => bench.rows("select c from raw.things"), { timeout: 30_000 }).toEqual([{ c: 5 }, { c: 5 }]);
  await expectFollowed();
  expect(mirror.condition().problems).toEqual([]);
});
