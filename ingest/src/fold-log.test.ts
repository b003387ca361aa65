import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { foldChangeLog } from "./fold-log.ts";
import type { FoldOptions } from "./fold-log.ts";
import { prepareStore, reshapeTable } from "./mirror/mirror-store.ts";
import type { SourceColumn } from "./mirror/source-catalog.ts";
import { currentLsn, openMirrorBench } from "./mirror/testing.ts";
import { openWarehouse } from "./warehouse.ts";
import type { Warehouse } from "./warehouse.ts";

let dir: string;
let warehouse: Warehouse;
let connection: DuckDBConnection;
const now = new Date("2026-11-22T02:00:00Z");

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "kehu-fold-"));
  await open();
  await prepareStore(connection);
  const column = (name: string, type: string, position: number): SourceColumn => ({
    name,
    type,
    position,
    typeOid: 23,
    typeMod: -1,
    shape: null,
  });
  const columns = [column("id", "INTEGER", 1), column("n", "INTEGER", 2)];
  const about = { oid: 1, storage: "", partitioned: false };
  for (const [name, key] of [
    ["things", ["id"]],
    ["heap", []],
  ] as const)
    await reshapeTable(connection, { table: { name, key: [...key], columns, ...about }, needsCopy: false, copied: true });
});
afterEach(async () => {
  warehouse.close();
  await rm(dir, { recursive: true });
});

async function open(): Promise<void> {
  warehouse = await openWarehouse({ dir, threads: 2, memoryLimit: "300MB" });
  connection = await warehouse.connect();
}

const rows = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][];
const logged = (table = "things"): Promise<unknown[][]> =>
  rows(`select _lsn::integer, id, n, _op from raw_changes.${table} order by _lsn, _seq`);

/** One transaction each: [lsn, op, id, n, time]. */
async function log(table: string, versions: readonly (readonly [number, string, number | null, number | null, string])[]): Promise<void> {
  for (const [lsn, op, id, n, at] of versions)
    await connection.run(`insert into raw_changes.${table} values (${id}, ${n}, '${op}', ${lsn}, '${at}', null, 1)`);
}

const fold = (options: Partial<FoldOptions> = {}): ReturnType<typeof foldChangeLog> =>
  foldChangeLog({
    reader: connection,
    between: (work) => work(connection),
    timezone: "Asia/Shanghai",
    now,
    keepDays: 30,
    before: "FFFFFFFF/FFFFFFFF",
    ...options,
  });

test("of a day gone by, each record keeps the version it had when the company's day ended; later days keep every version", async () => {
  await log("things", [
    [1, "insert", 1, 10, "2026-03-01 01:00:00+00"],
    [2, "update", 1, 11, "2026-03-01 02:00:00+00"],
    [3, "insert", 2, 20, "2026-03-01 02:00:00+00"],
    // 00:30 of the second in Shanghai.
    [4, "update", 1, 12, "2026-03-01 16:30:00+00"],
    [5, "insert", 3, 30, "2026-03-02 02:00:00+00"],
    [6, "delete", 3, null, "2026-03-02 03:00:00+00"],
    [7, "truncate", null, null, "2026-03-03 03:00:00+00"],
    [8, "truncate", null, null, "2026-03-03 04:00:00+00"],
    [9, "insert", 1, 13, "2026-10-24 01:00:00+00"],
    [10, "update", 1, 14, "2026-10-24 02:00:00+00"],
  ]);
  await log("heap", [
    [1, "insert", 1, 10, "2026-03-01 01:00:00+00"],
    [2, "insert", 1, 10, "2026-03-01 02:00:00+00"],
  ]);
  expect(await fold()).toEqual([{ table: "things", removed: 3 }]);
  expect(await logged()).toEqual([
    [2, 1, 11, "update"],
    [3, 2, 20, "insert"],
    [4, 1, 12, "update"],
    [6, 3, null, "delete"],
    [8, null, null, "truncate"],
    [9, 1, 13, "insert"],
    [10, 1, 14, "update"],
  ]);
  expect(await logged("heap")).toHaveLength(2);
  expect(await fold()).toEqual([]);
  // The day after, when one day more is old enough.
  await log("things", [[11, "update", 1, 15, "2026-11-22 01:00:00+00"]]);
  expect(await fold({ now: new Date("2026-11-22T16:00:00Z") })).toEqual([]);
  expect(await fold({ now: new Date("2026-11-23T16:00:00Z") })).toEqual([{ table: "things", removed: 1 }]);
});

test("what the models have not read yet stays, and is folded when they have", async () => {
  await log("things", [
    [1, "insert", 1, 10, "2026-03-01 01:00:00+00"],
    [2, "update", 1, 11, "2026-03-01 02:00:00+00"],
    [3, "update", 1, 12, "2026-03-02 02:00:00+00"],
    [4, "update", 1, 13, "2026-03-02 03:00:00+00"],
  ]);
  expect(await fold({ before: "0/4" })).toEqual([{ table: "things", removed: 1 }]);
  expect((await logged()).map(([lsn]) => lsn)).toEqual([2, 3, 4]);
  expect(await fold({ before: "0/5" })).toEqual([{ table: "things", removed: 1 }]);
});

test("a clock that was put back over midnight: only versions whose successor in the log is of the same day go", async () => {
  await log("things", [
    [1, "insert", 1, 10, "2026-03-01 03:00:00+00"],
    [2, "update", 1, 11, "2026-03-02 02:00:00+00"],
    [3, "update", 1, 12, "2026-03-01 05:00:00+00"],
    [4, "update", 1, 13, "2026-03-01 06:00:00+00"],
  ]);
  expect(await fold()).toEqual([{ table: "things", removed: 1 }]);
  expect((await logged()).map(([lsn]) => lsn)).toEqual([1, 2, 4]);
});

test("an order to stop ends it after a batch, and the next call does the rest", async () => {
  await connection.run(
    "insert into raw_changes.things select i % 100, i, 'update', i, timestamptz '2026-03-01 01:00:00+00' + to_hours((i // 1000)::int * 24), null, 1 from range(5000) as t(i)",
  );
  const stop = new AbortController();
  let batches = 0;
  await fold({
    signal: stop.signal,
    batchRows: 300,
    between: async (work) => {
      if (++batches === 6) stop.abort();
      return work(connection);
    },
  });
  expect(batches).toBe(6);
  const [[left]] = (await rows("select count(*)::int from raw_changes.things")) as [[number]];
  expect(left).toBeGreaterThan(500);
  expect(await fold()).toEqual([{ table: "things", removed: left - 500 }]);
});

test("a process killed between two batches leaves what was done and loses nothing; the next one does the rest", async () => {
  await connection.run(
    "insert into raw_changes.things select i % 50, i, 'update', i, timestamptz '2026-03-01 01:00:00+00' + to_hours((i // 500)::int * 24), null, 1 from range(4000) as t(i)",
  );
  await connection.run(
    "create table meta.last_of_days as select id, n, timezone('Asia/Shanghai', _commit_at)::date as on_day from raw_changes.things qualify row_number() over (partition by id, on_day order by _lsn desc) = 1",
  );
  warehouse.close();
  const child = spawn(process.execPath, [join(import.meta.dirname, "fold-for-tests.ts"), dir, now.toISOString()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) if (line === "batch 4") break;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  expect(await gone).toEqual([null, "SIGKILL"]);
  await open();
  const [[left]] = (await rows("select count(*)::int from raw_changes.things")) as [[number]];
  expect(left).toBeLessThan(4000);
  expect(left).toBeGreaterThan(400);
  const missing =
    "select count(*)::int from (from meta.last_of_days except select id, n, timezone('Asia/Shanghai', _commit_at)::date from raw_changes.things)";
  expect(await rows(missing)).toEqual([[0]]);
  await fold();
  expect(await rows("select count(*)::int from raw_changes.things")).toEqual([[400]]);
  expect(await rows(missing)).toEqual([[0]]);
});

test("the mirror goes on between the batches, and its own changes are logged", async () => {
  const bench = await openMirrorBench();
  try {
    await bench.source.query(
      "create table things (id int primary key, n int); insert into things select i, 0 from generate_series(1, 200) i",
    );
    const mirror = await bench.mirror();
    await mirror.start();
    for (let n = 1; n <= 5; n++) await bench.source.query("update things set n = n + 1");
    await bench.settle();
    const reader = await bench.connect();
    const day = 24 * 3_600_000;
    let written = 0;
    const folded = await foldChangeLog({
      reader,
      async between(work) {
        // A change of the table's shape and of its rows between every two batches.
        await bench.source.query(`alter table things add column c${++written} int default ${written}`);
        await bench.source.query("update things set n = n + 1 where id = 1");
        await mirror.waitFor(await currentLsn(bench.source), 20_000);
        return mirror.between(work);
      },
      timezone: "UTC",
      now: new Date(Date.now() + 3 * day),
      keepDays: 1,
      before: await currentLsn(bench.source),
      batchRows: 400,
    });
    expect(written).toBe(3);
    expect(folded[0]?.removed).toBeGreaterThanOrEqual(1000);
    await mirror.settle();
    expect((await bench.verify()).differs).toEqual([]);
    const [log] = await bench.rows("select max(n)::int as n, count(distinct id)::int as things from raw_changes.things");
    expect(log).toEqual({ n: 8, things: 200 });
  } finally {
    await bench.close();
  }
});
