import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verify } from "../verify.ts";
import { openWarehouse } from "../warehouse.ts";
import { openMirrorBench, silent } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";

let bench: MirrorBench;
beforeEach(async () => {
  bench = await openMirrorBench();
});
afterEach(() => bench.close());

const agrees = async (mirror: Awaited<ReturnType<MirrorBench["mirror"]>>): Promise<void> => {
  const result = await verify({ source: bench.url, schema: "crm", logger: silent, warehouse: { connect: bench.connect }, mirror });
  expect(result.differs).toEqual([]);
};

/** Each version written to `things` exactly once in the log: a version is a row's `n`, which only grows. */
async function expectEachVersionOnce(versions: number): Promise<void> {
  const log = await bench.rows(
    "select count(*)::int as rows, count(distinct (id, n))::int as versions, count(distinct (_lsn, _seq))::int as places from raw_changes.things",
  );
  expect(log).toEqual([{ rows: versions, versions, places: versions }]);
}

test("what was received but not acknowledged comes again after a stop, and is logged once", async () => {
  await bench.source.query("create table things (id int primary key, n int); insert into things values (1, 0)");
  for (let round = 1; round <= 4; round++) {
    const mirror = await bench.mirror();
    await mirror.start();
    // Received while the mirror stands still: nothing of it may be acknowledged.
    const { rows } = await bench.source.query<{ lsn: string }>("select pg_current_wal_lsn()::text as lsn");
    const release = await mirror.holdAt(rows[0]!.lsn);
    for (let step = 0; step < 5; step++) await bench.source.query("update things set n = n + 1");
    const stopping = bench.stop();
    release();
    await stopping;
  }
  const mirror = await bench.mirror();
  await mirror.start();
  await bench.settle();
  await expectEachVersionOnce(21);
  await agrees(mirror);
});

test("the server ends every connection: the mirror comes back and nothing is lost or doubled", async () => {
  await bench.source.query("create table things (id int primary key, n int); insert into things values (1, 0)");
  const mirror = await bench.mirror();
  await mirror.start();
  for (let round = 1; round <= 3; round++) {
    await bench.source.query("update things set n = n + 1");
    await bench.source.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kehu mirror' and datname = current_database()",
    );
    await bench.source.query("update things set n = n + 1");
    await bench.settle();
  }
  await expectEachVersionOnce(7);
  await agrees(mirror);
});

test("a first copy whose rows were committed and not its position is begun again: each row is there and logged once", async () => {
  await bench.source.query(
    "create table things (id int primary key, n int); insert into things select id, 0 from generate_series(1, 10) as id",
  );
  await bench.source.query("create table others (id int primary key); insert into others values (1)");
  await (await bench.mirror()).start();
  await bench.stop();
  const warehouse = await openWarehouse({ dir: bench.dir });
  const connection = await warehouse.connect();
  await connection.run("delete from meta.mirror_state; delete from raw_changes.things; delete from raw.things where id > 5");
  warehouse.close();
  await bench.source.query("drop table others; update things set n = 1 where id = 1");
  const mirror = await bench.mirror();
  await mirror.start();
  await agrees(mirror);
  expect(await bench.rows("select _op, count(*)::int as rows, sum(n)::int as sum from raw_changes.things group by 1")).toEqual([
    { _op: "copy", rows: 10, sum: 1 },
  ]);
  expect(await bench.rows("select name from meta.mirror_tables")).toEqual([{ name: "things" }]);
});

test("kill -9 at any moment, also in the first copy: after a restart every row and every version is there once", async () => {
  await bench.source.query("create table things (id int primary key, n int not null)");
  await bench.source.query("insert into things select id, 0 from generate_series(1, 20000) as id");
  const slot = `kehu_${new URL(bench.url).pathname.slice(1)}`;
  const writer = new Client({ connectionString: bench.url });
  await writer.connect();
  const finished = new AbortController();
  let child: ChildProcess | undefined;
  let updates = 0;
  const writing = (async () => {
    while (!finished.signal.aborted) {
      await writer.query("update crm.things set n = n + 1 where id % 100 = $1", [updates % 100]);
      updates += 1;
    }
  })();
  try {
    // Killed while it copies, at its first breath of streaming, and at several later points that depend on progress rather than time.
    for (const [round, commits] of [0, 0, 1, 5, 12, 30].entries()) {
      child = spawn(process.execPath, [join(import.meta.dirname, "run-for-tests.ts"), bench.url, bench.dir, slot], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const started = once(child.stdout!, "data");
      if (round > 0) await started;
      else
        await expect
          .poll(async () => (await bench.source.query("select from pg_replication_slots where slot_name = $1", [slot])).rowCount, {
            timeout: 20_000,
          })
          .toBe(1);
      const target = updates + commits;
      await expect.poll(() => updates >= target, { interval: 2, timeout: 20_000 }).toBe(true);
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  } finally {
    child?.kill("SIGKILL");
    finished.abort();
    await writing;
    await writer.end();
  }
  const mirror = await bench.mirror();
  await mirror.start();
  await bench.settle();
  await agrees(mirror);
  // Each copy or update of a row is one version; the first copy may have seen some updates already, so count from it.
  const [gaps] = await bench.rows(`
    select count(*)::int as gaps from (
      select n - lag(n) over (partition by id order by _lsn, _seq) as step from raw_changes.things
    ) where step <> 1`);
  expect(gaps).toEqual({ gaps: 0 });
  const [copies] = await bench.rows("select count(*)::int as copies from raw_changes.things where _op = 'copy'");
  expect(copies).toEqual({ copies: 20_000 });
}, 120_000);

test("a transaction too large for memory is applied in parts, all or nothing", async () => {
  await bench.source.query("create table things (id int primary key, n int not null, note text)");
  const mirror = await bench.mirror();
  await mirror.start();
  await bench.source.query(`
    begin; insert into things select id, 0, 'note ' || id from generate_series(1, 150000) as id;
    update things set n = 1 where id <= 1000; delete from things where id > 149000; commit`);
  await bench.settle();
  expect(await bench.rows("select count(*)::int as rows, sum(n)::int as n from raw.things")).toEqual([{ rows: 149_000, n: 1000 }]);
  expect(
    await bench.rows(
      "select count(*)::int as rows, count(distinct _seq)::int as places, count(distinct _lsn)::int as lsns from raw_changes.things",
    ),
  ).toEqual([{ rows: 152_000, places: 152_000, lsns: 1 }]);
  await agrees(mirror);
});

test("a part of a large transaction is applied before its end, and with an error in the middle nothing of it stays", async () => {
  await bench.source.query("create table things (id int primary key, n int not null)");
  const statements: string[] = [];
  let partsUntilError = 1;
  const connect = async (): Promise<DuckDBConnection> => {
    const connection = await bench.connect();
    const run = connection.run.bind(connection);
    connection.run = async (sql, ...rest) => {
      const isPart = sql.startsWith("insert into raw.");
      if (isPart || sql === "begin" || sql === "commit" || sql === "rollback") statements.push(isPart ? "part" : sql);
      const result = await run(sql, ...rest);
      if (isPart && --partsUntilError === 0) throw new Error("the machine went away");
      return result;
    };
    return connection;
  };
  const mirror = await bench.mirror({ warehouse: { dir: bench.dir, threads: 2, connect } });
  await mirror.start();
  await bench.source.query("begin; insert into things select id, 0 from generate_series(1, 260000) as id; rollback");
  statements.length = 0;
  // More rows than may wait in memory, so that its end can't have come before its first part is applied.
  await bench.source.query("insert into things select id, 0 from generate_series(1, 260000) as id");
  await bench.settle();
  const told = statements.join(" ");
  expect(told).toContain("begin part rollback");
  expect(told).toMatch(/begin( part){2,} commit/);
  await expectEachVersionOnce(260_000);
  await agrees(mirror);
});
