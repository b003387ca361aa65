import type { DuckDBConnection } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { usualRowBytes } from "./inbox.ts";
import type { Mirror } from "./mirror.ts";
import { openMirrorBench } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";

/** Rows in memory at which the socket is paused, and how many there may be with what had been read of it by then. */
const pausedAt = 50_000;
const mostWaiting = 60_000;

let bench: MirrorBench;
let mirror: Mirror;
let release: () => void;
beforeEach(async () => {
  bench = await openMirrorBench();
  await bench.source.query("create table things (id int primary key, note text)");
});
afterEach(async () => {
  release();
  await bench.close();
});

/** A mirror whose DuckDB is busy from the next transaction on, until `release`: a build has the file, or the disk is slow. */
async function startBusy(): Promise<void> {
  let isHeld = false;
  const released = Promise.withResolvers<void>();
  release = released.resolve;
  const connect = async (): Promise<DuckDBConnection> => {
    const connection = await bench.connect();
    const run = connection.run.bind(connection);
    connection.run = async (sql, ...rest) => {
      if (isHeld && sql === "begin") await released.promise;
      return run(sql, ...rest);
    };
    return connection;
  };
  mirror = await bench.mirror({ warehouse: { dir: bench.dir, threads: 2, connect } });
  await mirror.start();
  isHeld = true;
}

/** The socket is paused, and the server's process that sends the changes has more to say than the connection takes. */
async function expectSenderToWait(): Promise<void> {
  await expect.poll(() => mirror.condition().waitingRows, { timeout: 30_000 }).toBeGreaterThanOrEqual(pausedAt);
  const sender = "select wait_event as waits from pg_stat_activity where backend_type = 'walsender' and datname = current_database()";
  await expect.poll(async () => (await bench.source.query(sender)).rows, { timeout: 30_000 }).toEqual([{ waits: "WalSenderWriteData" }]);
  expect(mirror.condition().waitingRows).toBeLessThan(mostWaiting);
}

async function expectAllOnce(rows: number): Promise<void> {
  const [log] = await bench.rows(
    "select count(*)::int as rows, count(distinct id)::int as ids, count(distinct (_lsn, _seq))::int as places from raw_changes.things",
  );
  expect(log).toEqual({ rows, ids: rows, places: rows });
  const { differs, tables } = await bench.verify();
  expect({ differs, rows: tables.map(({ mirroredRows }) => mirroredRows) }).toEqual({ differs: [], rows: [rows] });
}

test("while DuckDB is busy the source waits, and so do its rows there; then none is lost or doubled", async () => {
  await startBusy();
  for (let turn = 0; turn < 12; turn++) {
    await bench.source.query(
      "insert into things select id, repeat('note ' || id, 20) from generate_series($1::int, $1::int + 9999) as id",
      [turn * 10_000],
    );
  }
  await expectSenderToWait();
  release();
  await bench.settle();
  await expectAllOnce(120_000);
});

test("of one transaction of long rows fewer wait, as they are counted by what they take", async () => {
  await startBusy();
  const length = 8 * usualRowBytes;
  await bench.source.query("insert into things select id, repeat(chr(64 + id % 26), $1::int) from generate_series(1, 8500) as id", [
    length,
  ]);
  await expectSenderToWait();
  release();
  await bench.settle();
  await expectAllOnce(8_500);
});
