import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { publishedTables } from "./published-tables.ts";
import { openMirrorBench } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";

let bench: MirrorBench;
beforeEach(async () => {
  bench = await openMirrorBench();
});
afterEach(() => bench.close());

const tables = `
  create table plain (id int primary key, a int, "B" text, gone int, doubled int generated always as (a * 2) stored);
  alter table plain drop column gone;
  create unlogged table unlogged (id int primary key);
  create table parent (id int); create table child (more int) inherits (parent);
  create table parted (id int, day date, primary key (id, day)) partition by range (day);
  create table early partition of parted for values from (minvalue) to ('2024-01-01');
  create table late partition of parted for values from ('2024-01-01') to (maxvalue) partition by hash (id);
  create table late_0 partition of late for values with (modulus 2, remainder 0);
  create table late_1 partition of late for values with (modulus 2, remainder 1);
  create table empty_parted (id int) partition by hash (id);
  create schema other; create table other.elsewhere (id int primary key)`;

const contents = [
  "for all tables",
  "for tables in schema crm",
  "for tables in schema crm, other",
  "for table plain",
  'for table plain (id, "B"), parent, late_1 where (id > 7)',
  "for table plain where (a > 1), tables in schema other",
  "for table plain where (a > 1), tables in schema crm",
  "for table parted",
  "for table parted, early (id, day), late_1",
  "for table late, empty_parted, only parent",
  "",
];
const viaRoot = "publish_via_partition_root = true";
const options = [viaRoot, "publish_via_partition_root = false", "publish_generated_columns = stored"];

test.each<[string, string]>([
  ...contents.flatMap((content) => options.map((option): [string, string] => [content, option])),
  // Only so Postgres takes filters and column lists of partitioned tables.
  ["for table parted (id, day), late where (id > 7), early", viaRoot],
])("what is published is what Postgres says: %s with %s", async (content, option) => {
  await bench.source.query(tables);
  await bench.source.query(`create publication tried ${content} with (${option})`);
  const { rows: theirs } = await bench.source.query(
    `select schemaname || '.' || tablename as name, rowfilter is not null as filtered, array(select unnest(attnames) order by 1) as columns
       from pg_publication_tables where pubname = 'tried' order by 1`,
  );
  const { rows: ours } = await bench.source.query(
    `with recursive ${publishedTables}
       select nsp.nspname || '.' || cls.relname as name, filtered, array(select unnest(attnames) order by 1) as columns
       from published join pg_class as cls on cls.oid = published.relid join pg_namespace as nsp on nsp.oid = cls.relnamespace order by 1`,
    ["tried"],
  );
  expect(ours).toEqual(theirs);
});

test("a table that somebody has locked holds up neither the others nor their columns", async () => {
  await bench.source.query("create table held (id int primary key); create table free (id int primary key)");
  const mirror = await bench.mirror();
  await mirror.start();
  const { source } = bench;
  await source.query("begin; lock table held in access exclusive mode; insert into held values (1)");
  const other = new Client({ connectionString: bench.url });
  await other.connect();
  await other.query("alter table crm.free add column word text; insert into crm.free values (1, 'new')");
  await other.end();
  await mirror.settle();
  expect(await bench.rows("select * from raw.free")).toEqual([{ id: 1, word: "new" }]);
  await source.query("commit");
  await bench.settle();
  expect(await bench.rows("select * from raw.held")).toEqual([{ id: 1 }]);
});
