import { readdir } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { adoptTables } from "./adopt-tables.ts";
import { copySideBySide } from "./copy-side-by-side.ts";
import { inTransaction, inTransactions, prepareStore } from "./mirror-store.ts";
import type { StoredTable } from "./mirror-store.ts";
import { ensurePublication } from "./publication.ts";
import { openMoment } from "./source-moment.ts";
import type { SourceMoment } from "./source-moment.ts";
import { readSourceTables } from "./source-catalog.ts";
import { comparingLoader, firstLoader, logFirst } from "./table-copy.ts";
import { openMirrorBench } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";

let bench: MirrorBench | undefined;
let opened: SourceMoment | undefined;

afterEach(async () => {
  await opened?.close();
  await bench?.close();
  bench = opened = undefined;
});

/** Tables of many pages, and the moment at which they are to be read. */
async function prepare(): Promise<{ bench: MirrorBench; opened: SourceMoment }> {
  bench = await openMirrorBench();
  await bench.source.query(`
    create table large (id integer primary key, word text);
    insert into large select n, repeat(n::text || ',"' || chr(10), 20) from generate_series(1, 3000) as n;
    create table small (id integer primary key, word text);
    insert into small select n, null from generate_series(1, 10) as n`);
  await ensurePublication(bench.source, "kehu", "crm");
  opened = await openMoment(bench.url, { name: `copy_${new URL(bench.url).pathname.slice(1)}`, temporary: true });
  await bench.mirror();
  return { bench, opened };
}

test("a table is read in stretches of its pages by several connections, all of one moment, each row once", async () => {
  const { bench, opened } = await prepare();
  await bench.source.query("insert into large values (0, 'later'); delete from large where id = 7; update small set word = 'later'");
  const connection = await bench.connect();
  await prepareStore(connection);
  const { tables } = await readSourceTables(opened.client, "kehu", "crm");
  const stored = new Map<string, StoredTable>();
  await adoptTables(connection, stored, tables, { lsn: "0/0", at: opened.moment.at });
  const told: string[] = [];
  const loading = (table: string, done: number): void => void told.push(`${table} ${done}`);
  const connections = [connection, await bench.connect()];
  const loaders = connections.map(firstLoader);
  const copy = { opened, schema: "crm", tables: [...stored.values()], dir: bench.dir, loaders, loading, stretchPages: 7 };
  const faults = await inTransactions(connections, () => copySideBySide(copy));
  expect(faults).toEqual([]);
  for (const { table } of stored.values()) expect(await logFirst(connection, table, opened.moment)).toBe(true);
  expect(
    await bench.rows(`select count(*)::int as n, count(distinct id)::int as ids, bool_and(word = repeat(id || ',"' || chr(10), 20)) as same,
      (select count(*)::int from raw.small where word is null) as small, (select count(distinct _seq)::int from raw_changes.large) as places,
      (select min(_seq)::int from raw_changes.large) as first from raw.large`),
  ).toEqual([{ n: 3000, ids: 3000, same: true, small: 10, places: 3000, first: 1 }]);
  expect(told.length).toBeGreaterThan(5);
  expect((await readdir(bench.dir)).filter((name) => name.includes("copy-"))).toEqual([]);
});

test("a table that can't be read in the middle leaves no rows, files or connections behind", async () => {
  const { bench, opened } = await prepare();
  const connection = await bench.connect();
  await prepareStore(connection);
  const { tables } = await readSourceTables(opened.client, "kehu", "crm");
  const stored = new Map<string, StoredTable>();
  await adoptTables(connection, stored, tables, { lsn: "0/0", at: opened.moment.at });
  const large = stored.get("large")!;
  // A column that the source does not have: found out by the server when the copy begins.
  const broken = {
    ...large,
    table: { ...large.table, columns: [...large.table.columns, { ...large.table.columns[0]!, name: "missing" }] },
  };
  const loaders = [comparingLoader(connection, opened.moment)];
  const copy = { opened, schema: "crm", dir: bench.dir, loaders, loading: () => {}, stretchPages: 7 };
  const faults = await inTransaction(connection, () => copySideBySide({ ...copy, tables: [broken, stored.get("small")!] }));
  expect(faults.map(({ table }) => table)).toEqual(["large"]);
  expect(await bench.rows("select (select count(*)::int from raw.large) as large, (select count(*)::int from raw.small) as small")).toEqual(
    [{ large: 0, small: 10 }],
  );
  // A row that does not fit stops everything, with the readers and the other loader in the middle of what they do.
  await connection.run("alter table raw.large alter column word set data type date using null");
  const columns = large.table.columns.map((column) => (column.name === "word" ? { ...column, type: "DATE" } : column));
  const misread = { ...large, table: { ...large.table, columns } };
  await connection.run("delete from raw.small");
  const connections = [connection, await bench.connect()];
  const failing = inTransactions(connections, () =>
    copySideBySide({ ...copy, loaders: connections.map(firstLoader), tables: [misread, stored.get("small")!] }),
  );
  await expect(failing).rejects.toMatchObject({ name: "TableFault", table: "large" });
  expect(await bench.rows("select (select count(*)::int from raw.large) as large, (select count(*)::int from raw.small) as small")).toEqual(
    [{ large: 0, small: 0 }],
  );
  expect((await readdir(bench.dir)).filter((name) => name.includes("copy-"))).toEqual([]);
  const { rows } = await bench.source.query(
    "select count(*)::int as n from pg_stat_activity where datname = current_database() and query like 'copy%' and state = 'active'",
  );
  expect(rows).toEqual([{ n: 0 }]);
});
