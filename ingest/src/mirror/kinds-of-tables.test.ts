import { afterEach, beforeEach, expect, test } from "vitest";
import { openMirrorBench } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";

let bench: MirrorBench;
beforeEach(async () => {
  bench = await openMirrorBench();
});
afterEach(() => bench.close());

const expectEqual = async (tables: Record<string, number>): Promise<void> => {
  await bench.settle();
  const result = await bench.verify();
  expect(result.differs).toEqual([]);
  expect(Object.fromEntries(result.tables.map(({ table, mirroredRows }) => [table, mirroredRows]))).toEqual(tables);
};

test("a table without a key: rows that are alike are counted, and each change of one of them is", async () => {
  await bench.source.query(`
    create table notes (word text, n int, half float8); alter table notes replica identity full;
    insert into notes values ('a', 1, 0.5), ('a', 1, 0.5), ('a', 1, 0.5), (null, null, null), (null, null, null), ('z', 0, '-0'), ('z', 0, 0)`);
  await (await bench.mirror()).start();
  await bench.source.query("delete from notes where ctid = (select ctid from notes where word = 'a' limit 1)");
  await bench.source.query("update notes set n = 7 where ctid = (select ctid from notes where word is null limit 1)");
  await bench.source.query("delete from notes where half::text = '-0'; insert into notes values ('a', 1, 0.5), ('new', 2, 'NaN')");
  await expectEqual({ notes: 7 });
  expect(await bench.rows("select word, n, count(*)::int as times from raw.notes group by all order by all")).toEqual([
    { word: "a", n: 1, times: 3 },
    { word: "new", n: 2, times: 1 },
    { word: "z", n: 0, times: 1 },
    { word: null, n: 7, times: 1 },
    { word: null, n: null, times: 1 },
  ]);
  await bench.source.query("begin; update notes set n = 8; truncate notes; insert into notes values ('a', 1, 1), ('a', 1, 1); commit");
  await expectEqual({ notes: 2 });
});

test("a table without a key after a gap: only what differs is logged, as often as it does", async () => {
  await bench.source.query(
    "create table notes (word text); alter table notes replica identity full; insert into notes values ('a'), ('a'), ('b')",
  );
  await (await bench.mirror()).start();
  await bench.settle();
  await bench.stop();
  await bench.source.query("select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()");
  await bench.source.query("delete from notes where word = 'b'; insert into notes values ('a'), ('c')");
  await (await bench.mirror()).start();
  await expectEqual({ notes: 4 });
  expect(await bench.rows("select _op, word from raw_changes.notes where _op <> 'copy' order by word")).toEqual([
    { _op: "resync", word: "a" },
    { _op: "delete", word: "b" },
    { _op: "resync", word: "c" },
  ]);
});

test("a deferrable key may be there twice for a moment, so rows that swap theirs are told apart as wholes", async () => {
  await bench.source
    .query(`create table seats (id int primary key deferrable initially deferred, name text); alter table seats replica identity full;
    insert into seats values (1, 'Wang'), (2, 'Li')`);
  await (await bench.mirror()).start();
  await bench.source.query("begin; update seats set id = 2 where name = 'Wang'; update seats set id = 1 where name = 'Li'; commit");
  await expectEqual({ seats: 2 });
});

test("partitions are one table: rows that move, partitions that come with rows, go, or are emptied", async () => {
  await bench.source.query(`
    create table sales (id int, day date, amount numeric(18,2), primary key (id, day)) partition by range (day);
    create table sales_2024 partition of sales for values from ('2024-01-01') to ('2025-01-01');
    create table sales_2025 partition of sales for values from ('2025-01-01') to ('2026-01-01');
    insert into sales values (1, '2024-05-01', 1), (2, '2025-05-01', 2), (3, '2025-06-01', 3)`);
  await (await bench.mirror()).start();
  await bench.source.query("update sales set day = '2024-06-01' where id = 2; insert into sales values (4, '2024-07-01', 4)");
  await expectEqual({ sales: 4 });
  await bench.source.query(
    `create table old (id int not null, day date not null, amount numeric(18,2), primary key (id, day)); insert into old values (9, '2023-01-01', 9)`,
  );
  await expectEqual({ sales: 4, old: 1 });
  await bench.source.query("alter table sales attach partition old for values from ('2023-01-01') to ('2024-01-01')");
  await expectEqual({ sales: 5 });
  // Postgres does not stream the truncation of a single partition.
  await bench.source.query("truncate sales_2024");
  await expectEqual({ sales: 2 });
  await bench.source.query("alter table sales detach partition old");
  await expectEqual({ sales: 1, old: 1 });
});

test("tables that inherit are mirrored each with its own rows", async () => {
  await bench.source.query(`create table people (id int primary key, name text); create table staff (primary key (id)) inherits (people);
    insert into people values (1, 'a'); insert into staff values (2, 'b')`);
  await (await bench.mirror()).start();
  await bench.source.query("update people set name = name || '!'; insert into staff values (3, 'c')");
  await expectEqual({ people: 1, staff: 2 });
});

test("names that need quoting, Chinese ones, and words of SQL", async () => {
  await bench.source.query(`create table "客户 ""A"".b" ("编号" int primary key, "select" text, "a""b" text, "rowid" int, "É" int, "é" int);
    insert into "客户 ""A"".b" values (1, 'x', 'y', 2, 3, 4)`);
  await (await bench.mirror()).start();
  await bench.source.query(`update "客户 ""A"".b" set "select" = 'z', "é" = 5; insert into "客户 ""A"".b" values (2, null, '', 0, 0, 0)`);
  await expectEqual({ '客户 "A".b': 2 });
});

test("what can't be mirrored is named with what to do, and does not hold up the others", async () => {
  await bench.source.query(`
    create table things (id int primary key, twice int generated always as (id * 2) virtual); insert into things values (1);
    create table "Orders" (id int primary key); create table orders (id int primary key);
    create table letters (id int primary key, "Name" text, name text); create table reserved (id int primary key, _op text);
    create unlogged table scratch (id int primary key); create table empty ();
    create table far (id int primary key, at timestamptz); insert into far values (1, '294276-01-01')`);
  const mirror = await bench.mirror();
  await mirror.start();
  await bench.source.query("insert into things values (2)");
  await bench.settle();
  expect(await bench.rows("select id from raw.things order by id")).toEqual([{ id: 1 }, { id: 2 }]);
  const { problems } = mirror.condition();
  expect(problems.map(({ code, table, column }) => [code, table, column]).toSorted()).toEqual(
    [
      ["failed", "far", null],
      ["generated_column", "things", "twice"],
      ["name_taken", "letters", "name"],
      ["name_taken", "orders", null],
      ["not_published", "empty", null],
      ["reserved_name", "reserved", "_op"],
      ["unlogged", "scratch", null],
    ].toSorted(),
  );
  expect(problems.every(({ what, remedy }) => what.length > 10 && remedy.length > 10)).toBe(true);
  await bench.source.query("update far set at = now()");
  await bench.source.query("insert into far values (2, now())");
  await bench.settle();
  await expect.poll(() => bench.rows("select count(*)::int as n from raw.far"), { timeout: 30_000 }).toEqual([{ n: 2 }]);
  expect(mirror.condition().problems.some(({ table }) => table === "far")).toBe(false);
});

test("a row longer than DuckDB's usual buffer is copied", async () => {
  await bench.source.query(
    "create table bodies (id int primary key, body bytea); insert into bodies select n, decode(repeat('5c0a22', 4000000), 'hex') from generate_series(1, 2) as n",
  );
  await (await bench.mirror()).start();
  await expectEqual({ bodies: 2 });
});
