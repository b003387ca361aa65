import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseLsn } from "../lsn.ts";
import { openMirrorBench } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";

const patience = { timeout: 20_000 };

let bench: MirrorBench;
beforeEach(async () => {
  bench = await openMirrorBench();
});
afterEach(() => bench.close());

const changes = (table: string, columns: string) =>
  bench.rows(`select _op, ${columns}, _actor from raw_changes.${table} order by _lsn, _seq`);

test("rows that were there are copied, later ones streamed, each once, with actor and commit time", async () => {
  await bench.source.query("create table things (id int primary key, name text); insert into things values (1, 'one'), (2, '')");
  const mirror = await bench.mirror();
  expect(mirror.applied()).toBeNull();
  await mirror.start();
  // A transaction may commit exactly at the position of the copy: it comes after the rows that were there.
  const [copied] = await bench.rows("select max(_lsn)::varchar as last from raw_changes.things");
  expect(BigInt(String(copied?.last))).toBeLessThan(parseLsn(mirror.applied()!.lsn));
  const events: string[][] = [];
  mirror.onApplied(({ tables }) => events.push(tables));
  await bench.source.query(
    "begin; select pg_logical_emit_message(true, 'kehu.actor', 'wang'); insert into things values (3, null); commit",
  );
  await bench.source.query("update things set name = 'ONE' where id = 1");
  await bench.source.query("delete from things where id = 2");
  await bench.settle();
  expect(await bench.rows("select * from raw.things order by id")).toEqual([
    { id: 1, name: "ONE" },
    { id: 3, name: null },
  ]);
  expect(await changes("things", "id, name")).toEqual([
    { _op: "copy", id: 1, name: "one", _actor: null },
    { _op: "copy", id: 2, name: "", _actor: null },
    { _op: "insert", id: 3, name: null, _actor: "wang" },
    { _op: "update", id: 1, name: "ONE", _actor: null },
    { _op: "delete", id: 2, name: null, _actor: null },
  ]);
  expect(events.flat()).toContain("things");
  const [state] = await bench.rows("select applied_lsn from meta.mirror_state");
  expect(state?.applied_lsn).toBe(mirror.applied()?.lsn);
});

test("a large value that an update leaves alone is kept, through several updates and a change of key", async () => {
  await bench.source.query(`
    create table notes (id int primary key, body text, data jsonb, file bytea, version int);
    alter table notes alter body set storage external, alter data set storage external, alter file set storage external;
    insert into notes select n, repeat('客户' || n, 3000), jsonb_build_object('n', repeat('x', 5000)), decode(repeat('00ff', 3000), 'hex'), 0
    from generate_series(1, 3) as n`);
  const mirror = await bench.mirror();
  await mirror.start();
  await bench.source.query(`
    begin; update notes set version = 1; update notes set version = 2; update notes set id = 10 where id = 1;
    update notes set version = 3 where id = 10; update notes set body = 'short' where id = 2; update notes set version = 4 where id = 2; commit`);
  await bench.source.query("insert into notes values (4, repeat('y', 9000), '{}', '', 0); update notes set version = 5 where id = 4");
  await bench.settle();
  const rows = await bench.rows(
    "select id, version, md5(body) as body, md5(data::varchar) as data, md5(lower(hex(file))) as file from raw.notes order by id",
  );
  const expected = await bench.source.query(
    "select id, version, md5(body) as body, md5(data::text) as data, md5(encode(file, 'hex')) as file from notes order by id",
  );
  expect(rows).toEqual(expected.rows);
  expect(await bench.rows("select count(*)::int as holes from raw_changes.notes where body is null and _op <> 'delete'")).toEqual([
    { holes: 0 },
  ]);
});

test("a changed key ends the old row and begins the new one; composite keys too", async () => {
  await bench.source.query("create table pairs (a int, b text, note text, primary key (a, b)); insert into pairs values (1, 'x', 'n')");
  const mirror = await bench.mirror();
  await mirror.start();
  await bench.source.query("update pairs set b = 'y' where a = 1; insert into pairs values (1, 'x', 'again')");
  await bench.settle();
  expect(await bench.rows("select * from raw.pairs order by b")).toEqual([
    { a: 1, b: "x", note: "again" },
    { a: 1, b: "y", note: "n" },
  ]);
  expect((await changes("pairs", "a, b")).map(({ _op, b }) => `${String(_op)} ${String(b)}`)).toEqual([
    "copy x",
    "delete x",
    "update y",
    "insert x",
  ]);
});

test("a truncation empties the table, and rows written after it in the same transaction stay", async () => {
  await bench.source.query("create table things (id int primary key); insert into things select generate_series(1, 100)");
  const mirror = await bench.mirror();
  await mirror.start();
  await bench.source.query("begin; insert into things values (101); truncate things; insert into things values (1); commit");
  await bench.settle();
  expect(await bench.rows("select * from raw.things")).toEqual([{ id: 1 }]);
  expect((await changes("things", "id")).slice(100).map(({ _op, id }) => [_op, id])).toEqual([
    ["insert", 101],
    ["truncate", null],
    ["insert", 1],
  ]);
});

test("new tables, new columns with and without a default, renamed, widened and dropped ones appear by themselves", async () => {
  await bench.source.query(
    "create table things (id int primary key, size int, old text); insert into things values (1, 5, 'o'), (2, 6, 'p')",
  );
  const mirror = await bench.mirror();
  await mirror.start();
  await bench.source.query("create table later (id int primary key, name text); insert into later values (1, 'a')");
  await bench.source.query("insert into later values (2, 'b')");
  await bench.source.query("alter table things add column kind text not null default 'plain', add column note text");
  await bench.source.query("insert into things values (3, 7, 'q', 'new', 'n')");
  await bench.settle();
  await expect
    .poll(() => bench.rows("select * from raw.later order by id"), patience)
    .toEqual([
      { id: 1, name: "a" },
      { id: 2, name: "b" },
    ]);
  await expect
    .poll(() => bench.rows("select id, kind, note from raw.things order by id"), patience)
    .toEqual([
      { id: 1, kind: "plain", note: null },
      { id: 2, kind: "plain", note: null },
      { id: 3, kind: "new", note: "n" },
    ]);

  await bench.source.query("alter table things alter size type bigint, drop column old; alter table things rename note to remark");
  await bench.source.query("update things set size = 10000000000 where id = 1");
  await bench.settle();
  await expect
    .poll(() => bench.rows("select *, typeof(size) as type from raw.things order by id").catch(String), patience)
    .toEqual([
      { id: 1, size: "10000000000", kind: "plain", remark: null, type: "BIGINT" },
      { id: 2, size: "6", kind: "plain", remark: null, type: "BIGINT" },
      { id: 3, size: "7", kind: "new", remark: "n", type: "BIGINT" },
    ]);
  const [log] = await bench.rows("select count(*)::int as rows from raw_changes.things where _op = 'copy' and old = 'o'");
  expect(log).toEqual({ rows: 1 });
});

test("when only other schemas are written, position and time still move", async () => {
  await bench.source.query("create table things (id int primary key); create table public.other (id int)");
  const mirror = await bench.mirror();
  await mirror.start();
  const before = mirror.applied()!;
  await bench.source.query("insert into public.other select generate_series(1, 1000)");
  await bench.settle();
  expect(mirror.applied()!.at > before.at).toBe(true);
  const still = mirror.applied()!.at;
  await expect.poll(() => mirror.applied()!.at > still, patience).toBe(true);
  expect(mirror.lagSeconds()).toBeLessThan(20);
});

test("a role with only the rights to replicate and read can mirror; without a publication it is told what to run", async () => {
  const role = `mirror_${randomBytes(4).toString("hex")}`;
  await bench.source.query(`create table things (id int primary key); insert into things values (1);
    create role ${role} login replication password 'secret'; grant usage on schema crm to ${role}; grant select on all tables in schema crm to ${role}`);
  try {
    const url = new URL(bench.url);
    url.username = role;
    url.password = "secret";
    const refused = await bench.mirror({ sourceUrl: url.href });
    await expect(refused.start()).rejects.toThrow(/as an administrator run: create publication "kehu" for tables in schema "crm"/);
    await bench.stop();
    await bench.source.query("create publication kehu for tables in schema crm");
    const mirror = await bench.mirror({ sourceUrl: url.href });
    await mirror.start();
    await bench.source.query("insert into things values (2)");
    await bench.settle();
    expect(await bench.rows("select * from raw.things order by id")).toEqual([{ id: 1 }, { id: 2 }]);
  } finally {
    await bench.stop();
    await bench.source.query(`drop owned by ${role}; drop role ${role}`);
  }
});
