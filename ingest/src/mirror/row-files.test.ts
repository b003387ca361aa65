import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { array, constantFrom, oneof, option, sample, string } from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectSource } from "./replication-connection.ts";
import { readTyped } from "./row-files.ts";
import type { Part } from "./row-files.ts";
import { readSourceTables } from "./source-catalog.ts";
import { downloadTable } from "./table-download.ts";
import { openMirrorBench } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";

let bench: MirrorBench;
beforeEach(async () => {
  bench = await openMirrorBench();
});
afterEach(() => bench.close());

/** The files of a table of the source, read by `read` before they go. */
async function withParts<Result>(
  name: string,
  read: (parts: readonly Part[], sql: (part: Part) => string) => Promise<Result>,
): Promise<Result> {
  await bench.source.query("create publication kehu for tables in schema crm");
  const client = await connectSource(bench.url);
  const dir = join(bench.dir, "parts");
  await mkdir(dir);
  try {
    const { tables } = await readSourceTables(client, "kehu", "crm");
    const table = tables.find((each) => each.name === name)!;
    return await read(await downloadTable(client, "crm", table, dir), (part) => readTyped(table, part));
  } finally {
    await client.end();
    await rm(dir, { recursive: true });
  }
}

const hard = constantFrom(
  "\\",
  "\\N",
  "\\.",
  "\t",
  "\n",
  "\r",
  "\b",
  "\f",
  "\v",
  '"',
  "'",
  ",",
  "n",
  "t",
  "b",
  "#",
  " ",
  "客",
  "\u2028",
  "\uFEFF",
  "NaN",
  "BC",
);
const word = option(
  oneof(
    array(hard, { maxLength: 6 }).map((parts) => parts.join("")),
    string({ maxLength: 5 }).map((text) => text.replaceAll("\0", "")),
  ),
);

test("a first copy keeps texts to the last character, in a table of several columns and in one of one", async () => {
  await bench.source.query(`create table words (first text, id int primary key, word text, bytes bytea, more json);
    create table lone (word text); alter table lone replica identity full`);
  const words = ["\uFEFFfirst", ...sample(word, { numRuns: 600, seed: 20261123 }).map((each) => each?.toWellFormed() ?? null)];
  await bench.source.query(
    `insert into words select word, n, word || 'x', convert_to(word, 'UTF8'), to_json(word) from unnest($1::text[]) with ordinality as given (word, n)`,
    [words],
  );
  await bench.source.query("insert into lone select unnest($1::text[])", [words]);
  await (await bench.mirror()).start();
  // As their bytes: what reads a text in JavaScript takes a mark of byte order from its beginning.
  const hex = (text: string | null): string | null => (text === null ? null : Buffer.from(text).toString("hex").toUpperCase());
  const found = await bench.rows(
    "select hex(first) as first, hex(word) as word, hex(bytes) as bytes, hex(more ->> '$') as more from raw.words order by id",
  );
  expect(found).toEqual(words.map(hex).map((each) => ({ first: each, word: each === null ? null : `${each}78`, bytes: each, more: each })));
  const lone = await bench.rows("select hex(word) as word from raw.lone");
  expect(lone.map(({ word: each }) => JSON.stringify(each)).toSorted()).toEqual(words.map((each) => JSON.stringify(hex(each))).toSorted());
});

test("values that DuckDB's reader makes itself are those that are made of their texts", async () => {
  await bench.source
    .query(`create table kinds (id bigint primary key, flag boolean, small int2, whole int4, amount numeric(18,4), wide numeric(38,2), code uuid, day date,
    at timestamp, moment timestamptz, share float8, clock time);
    insert into kinds select n, n % 2 = 0, n::int2, -n, n * 1.2345, n * 99999999999999999.25, md5(n::text)::uuid, date '0001-01-01' + n * 997, timestamp '1969-12-31 23:59:59.999999' + n * interval '31 days 1.000001 s',
      timestamptz '1582-10-04 12:00:00+00' + n * interval '77 days 3.7 s', n / 7.0, time '00:00' + n * interval '1.234567 s' from generate_series(1, 3000) as n;
    insert into kinds (id) values (-1);
    insert into kinds values (-9223372036854775808, null, -32768, -2147483648, -99999999999999.9999, -999999999999999999999999999999999999.99,
      'ffffffff-ffff-ffff-ffff-ffffffffffff', 'infinity', '-infinity', 'infinity', 'infinity', '23:59:59.999999'),
      (9223372036854775807, true, 32767, 2147483647, 0.0000, 0, '80000000-0000-0000-0000-000000000000', '-infinity', '294000-01-01 00:00:00.000001', '-infinity', -0.0, '00:00')`);
  await withParts("kinds", async ([part], sql) => {
    expect(part).toMatchObject({ format: "plain" });
    await bench.mirror();
    const direct = sql(part!);
    expect(direct).toContain("'DECIMAL(18,4)'");
    const ofTexts = sql({ ...part!, format: "tabbed" });
    expect(ofTexts).not.toContain("'DECIMAL(18,4)'");
    expect(await bench.rows(`select count(*)::int as n from (${direct})`)).toEqual([{ n: 3003 }]);
    expect(await bench.rows(`(${direct}) except all (${ofTexts})`)).toEqual([]);
    expect(await bench.rows(`(${ofTexts}) except all (${direct})`)).toEqual([]);
  });
});

test.each([
  ["a year before Christ", "'0044-03-15 BC', 1, 'x'"],
  ["a NaN", "'2026-01-01', 'NaN', 'x'"],
  ["a backslash", "'2026-01-01', 1, 'C:\\temp'"],
])("a file with %s is not read directly", async (_what, values) => {
  await bench.source.query(`create table kinds (id int primary key, day date, amount numeric(18,2), word text);
    insert into kinds values (1, '2026-01-01', 1, 'x'), (2, ${values})`);
  await withParts("kinds", async ([part]) => {
    expect(part).toMatchObject({ format: "tabbed" });
  });
});

test("a value that does not fit is told by its column, without the row", async () => {
  await bench.source.query(`create table kinds (id int primary key, secret text, at timestamp);
    insert into kinds values (1, 'nobody''s business', '2026-01-01'), (2, 'theirs', '294276-12-31')`);
  const mirror = await bench.mirror();
  await mirror.start();
  const told = mirror.condition().problems.map(({ code, table, what }) => ({ code, table, what }));
  expect(told).toEqual([{ code: "failed", table: "kinds", what: expect.stringContaining('"at" does not fit TIMESTAMP') }]);
  expect(JSON.stringify(told)).not.toMatch(/theirs|business|294276/);
});
