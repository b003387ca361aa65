import { afterEach, beforeEach, expect, test } from "vitest";
import { PassedError } from "./mirror/holds.ts";
import { currentLsn, openMirrorBench, silent } from "./mirror/testing.ts";
import type { MirrorBench } from "./mirror/testing.ts";
import { openWarehouse } from "./warehouse.ts";
import { verify } from "./verify.ts";

let bench: MirrorBench;
beforeEach(async () => {
  bench = await openMirrorBench();
});
afterEach(() => bench.close());

const everyType = `
  create type mood as enum ('sad', 'happy');
  create domain price as numeric(18,2);
  create type place as (street text, number int, moods mood[]);
  create table every_type (
    id int8 primary key, flag bool, small int2, big int8, real4 float4, real8 float8, exact numeric(18,4), free numeric, cost price, huge numeric(50,10),
    words text, code char(6), limited varchar(20), uid uuid, day date, moment timestamptz, local timestamp, clock time, span interval, blob bytea,
    doc json, docb jsonb, tags text[], numbers int[][], feeling mood, address inet, during tstzrange, bits bit(3),
    search tsvector, at place, bound int4range[], doubled int generated always as (small * 2) stored, serial int generated always as identity)`;

const values = `
  (1, true, -32768, 9223372036854775807, 1.1, 0.1, 1234567890.1200, 1.10, 19.90, 12345678901234567890123456789012345678.0000000001, '客户, "quoted"', 'ab', 'x',
   '018f0000-0000-7000-8000-00000000abcd', '2024-02-29', '2024-06-01 12:00:00.123456+08', '2024-06-01 04:00:00.000001', '23:59:59.999999', '1 year 2 days 03:04:05.6',
   '\\x00ff5c', '{"a": 1.10,  "a":2}', '{"n": 1.10, "big": 123456789012345678901234567890}', '{x,"y,\\"z",NULL,""}', '{{1,2},{3,4}}', 'happy', '10.0.0.1/8',
   '[2024-01-01 00:00+00,)', '101', 'a fat cat', row('长安街', 1, '{happy,sad}'), '{"[1,3)",empty}'),
  (2, false, 0, -1, 'NaN', 'Infinity', -0.5, 1e-20, -0.01, 0, '', '', '', '00000000-0000-0000-0000-000000000000', 'infinity', '-infinity', 'infinity', '24:00:00', '0',
   '', 'null', 'null', '{}', '{}', 'sad', '::1', 'empty', '000', '', row(null, null, null), '{}'),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (4, true, 1, 1, -0.0, '-0', 0, 'NaN', 0, -1, E'line\\nbreak\\t\\\\ tab\\r\\n', '客', '\\N', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '0044-03-15 BC',
   '0044-03-15 00:00:00+00 BC', '0044-03-15 00:00:00.5 BC', '00:00', '-1 mon', '\\xff', '"\\u4e2d"', '[]', '{NULL}', '{1}', 'sad', '10.1.1.1', '(,)', '111', 'it''s:1', row('a "b"', null, '{}'), null),
  (5, true, 1, 1, 3.4028235e38, 5e-324, 99999999999999.9999, 'Infinity', 1, 0.5, '-', '1:-', '5:hello', 'ffffffff-ffff-ffff-ffff-fffffffffffe', '9999-12-31',
   '9999-12-31 23:59:59.999999+00', '1700-01-01', '12:00', '0', '\\x', '1e5', '1e5', '{a}', null, 'sad', '10.1.1.1', '(,)', '111', null, row('', 0, null), '{NULL}')`;

test("every type is the same after the copy and after the stream", async () => {
  await bench.source.query(everyType);
  await bench.source.query(`insert into every_type values ${values}`);
  const mirror = await bench.mirror();
  await mirror.start();
  await bench.source.query(
    `do $$ declare names text := (select string_agg(quote_ident(column_name), ', ') from information_schema.columns
       where table_name = 'every_type' and column_name not in ('id', 'doubled', 'serial'));
     begin execute format('insert into every_type (id, %1$s) select id + 100, %1$s from every_type', names); end $$`,
  );
  await bench.source.query("update every_type set id = id + 1000 where id = 101");
  await bench.settle();
  const warehouse = { connect: bench.connect };
  const result = await verify({ source: bench.url, schema: "crm", logger: silent, warehouse, mirror });
  expect(result.differs).toEqual([]);
  expect(result.tables).toEqual([{ table: "every_type", rows: 10, mirroredRows: 10, equal: true }]);
  expect(result.problems).toEqual([]);
  expect(
    await bench.rows("select id::int as id, doubled, serial from raw.every_type where small is not null and id > 100 order by id"),
  ).toEqual([
    { id: 102, doubled: 0, serial: 7 },
    { id: 104, doubled: 2, serial: 9 },
    { id: 105, doubled: 2, serial: 10 },
    { id: 1101, doubled: -65536, serial: 6 },
  ]);
  const [one] = await bench.rows(
    "select exact, free, cost, moment::varchar as moment, docb, tags, code, typeof(cost) as cost_type, typeof(docb) as doc_type from raw.every_type where id = 1",
  );
  expect(one).toEqual({
    exact: "1234567890.1200",
    free: "1.10",
    cost: "19.90",
    moment: "2024-06-01 04:00:00.123456+00",
    docb: '{"n": 1.10, "big": 123456789012345678901234567890}',
    tags: '{x,"y,\\"z",NULL,""}',
    code: "ab    ",
    cost_type: "DECIMAL(18,2)",
    doc_type: "JSON",
  });
});

test("a planted difference is found: a changed value, a missing row, a row too many, an empty text for a null", async () => {
  await bench.source.query("create table things (id int primary key, name text, amount numeric(18,2))");
  await bench.source.query(
    "insert into things select n, case when n = 7 then null else 'thing ' || n end, n from generate_series(1, 5000) as n",
  );
  await bench.source.query("create table pairs (a int, b text, primary key (a, b)); insert into pairs values (1, 'x')");
  await (await bench.mirror()).start();
  await bench.settle();
  await bench.stop();

  const warehouse = await openWarehouse({ dir: bench.dir, threads: 1 });
  try {
    const options = { source: bench.url, schema: "crm", logger: silent, warehouse };
    expect((await verify(options)).differs).toEqual([]);
    const connection = await warehouse.connect();
    await connection.run("update raw.things set amount = amount + 0.01 where id = 42");
    await connection.run("update raw.things set name = '' where id = 7");
    await connection.run("delete from raw.things where id = 4999");
    await connection.run("insert into raw.things values (6000, 'ghost', 1)");
    await connection.run("delete from raw.pairs");
    // Written after the files were closed: the comparison begins by bringing the mirror up to date, and must stop before the next one.
    await bench.source.query("insert into things values (5001, 'later', 1)");
    const result = await verify(options);
    expect(result.tables).toEqual([
      { table: "pairs", rows: 1, mirroredRows: 0, equal: false },
      { table: "things", rows: 5001, mirroredRows: 5001, equal: false },
    ]);
    expect(result.differs.map(({ table, keys }) => [table, keys.toSorted()])).toEqual([
      ["pairs", ["1,x"]],
      ["things", ["42", "4999", "6000", "7"]],
    ]);
  } finally {
    warehouse.close();
  }
});

test("it compares at one position while both sides go on", async () => {
  await bench.source.query(
    "create table things (id int primary key, n int); insert into things select n, 0 from generate_series(1, 2000) as n",
  );
  const mirror = await bench.mirror();
  await mirror.start();
  const finished = new AbortController();
  const writer = (async () => {
    for (let round = 1; !finished.signal.aborted; round++) {
      await bench.source.query("update things set n = n + 1 where id % 10 = $1", [round % 10]);
      await bench.source.query("insert into things values ($1, 0)", [10_000 + round]);
    }
  })();
  try {
    for (let round = 0; round < 3; round++) {
      const warehouse = { connect: bench.connect };
      const result = await verify({ source: bench.url, schema: "crm", logger: silent, warehouse, mirror });
      expect(result.differs).toEqual([]);
    }
  } finally {
    finished.abort();
    await writer;
  }
});

test("the mirror stands still at a position that it has not passed, and refuses one that it has", async () => {
  await bench.source.query("create table things (id int primary key)");
  const mirror = await bench.mirror();
  await mirror.start();
  const passed = await currentLsn(bench.source);
  await bench.source.query("insert into things values (1)");
  await bench.settle();
  await expect(mirror.holdAt(passed)).rejects.toThrow(PassedError);
  // A transaction without changes of mirrored tables does not count.
  const quiet = await currentLsn(bench.source);
  await mirror.waitFor(await currentLsn(bench.source), 20_000);
  const release = await mirror.holdAt(quiet);
  await bench.source.query("insert into things values (2)");
  expect(await bench.rows("select id from raw.things")).toEqual([{ id: 1 }]);
  release();
  await bench.settle();
  expect(await bench.rows("select id from raw.things order by id")).toEqual([{ id: 1 }, { id: 2 }]);
});

test("NaN in a numeric with a precision is null in the mirror and named; in one without it is kept", async () => {
  await bench.source.query(
    "create table prices (id int primary key, price numeric(18,2), free numeric); insert into prices values (1, 'NaN', 'NaN')",
  );
  await (await bench.mirror()).start();
  await bench.source.query("insert into prices values (2, 'NaN', 'NaN'), (3, 1.5, 1.5)");
  await bench.settle();
  expect(await bench.rows("select * from raw.prices order by id")).toEqual([
    { id: 1, price: null, free: "NaN" },
    { id: 2, price: null, free: "NaN" },
    { id: 3, price: "1.50", free: "1.5" },
  ]);
  const { differs, problems } = await bench.verify();
  expect(differs).toEqual([]);
  expect(problems).toMatchObject([
    { code: "not_a_number", table: "prices", column: "price", what: expect.stringMatching(/^2 values are NaN/) },
  ]);
});
