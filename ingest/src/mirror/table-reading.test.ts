import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseLsn } from "../lsn.ts";
import type { Mirror } from "./mirror.ts";
import { openMirrorBench } from "./testing.ts";
import type { MirrorBench } from "./testing.ts";
import { startStallingProxy } from "./trial/stalling-proxy.ts";
import type { StallingProxy } from "./trial/stalling-proxy.ts";

let bench: MirrorBench;
let proxy: StallingProxy;
let proxied: string;
let mirror: Mirror;
/** The first answer to the question whether all has been followed. */
let settled = Promise.resolve();

beforeEach(async () => {
  bench = await openMirrorBench();
  const url = new URL(bench.url);
  proxy = await startStallingProxy(Number(url.port));
  url.port = String(proxy.port);
  proxied = url.href;
  await bench.source.query(`
    create table things (id int primary key, a int, body text); alter table things alter body set storage external;
    insert into things select n, n, string_agg(md5(n || '-' || k), '') from generate_series(1, 6) as n, generate_series(1, 100) as k group by n order by n;
    create table pairs (a int, b text); alter table pairs replica identity full; insert into pairs values (1, 'x'), (1, 'x'), (2, ''), (3, null);
    create table others (id int primary key, n int not null); insert into others values (1, 0)`);
});
afterEach(async () => {
  proxy.release();
  await bench.close();
  proxy.close();
});

async function start(): Promise<void> {
  mirror = await bench.mirror({ sourceUrl: proxied });
  await mirror.start();
  await mirror.settle();
}

/** Has a table read again, and returns in the middle of it: at the copy itself, or before, when the moment is known and the table not locked. */
async function beginReading(table: string, alter: string, at = `from only "crm"."${table}"`): Promise<void> {
  const begun = proxy.stall(at);
  await bench.source.query(alter);
  settled = mirror.settle();
  await begun;
}
const beforeCopy = "savepoint download";

async function finish(): Promise<void> {
  proxy.release();
  await settled;
  await mirror.settle();
  expect((await bench.verify()).differs).toEqual([]);
}

/** The rows that the log gives when it is read from its beginning. */
const replayed = (columns: string) =>
  bench.rows(`
    with versions as (
      select *, row_number() over (partition by id order by _lsn desc, _seq desc) as age,
        (select max((_lsn, _seq)) from raw_changes.things where _op = 'truncate') as emptied
      from raw_changes.things where id is not null
    )
    select ${columns} from versions where age = 1 and _op <> 'delete' and (emptied is null or (_lsn, _seq) > emptied) order by id`);

const added = "alter table things add column c int not null default 5";

test("while a table is read again, the changes of all others arrive, and its own", async () => {
  await start();
  await beginReading("things", added);
  await bench.source.query("update others set n = 1; insert into others values (2, 2); update things set a = 10 where id = 1");
  await bench.settle();
  expect(await bench.rows("select * from raw.others order by id")).toEqual([
    { id: 1, n: 1 },
    { id: 2, n: 2 },
  ]);
  expect(await bench.rows("select id, a, c from raw.things where id <= 2 order by id")).toEqual([
    { id: 1, a: 10, c: 5 },
    { id: 2, a: 2, c: null },
  ]);
  const before = parseLsn(mirror.applied()!.lsn);
  expect(mirror.condition().rereading).toEqual(["things"]);
  await finish();
  expect(mirror.condition().rereading).toEqual([]);
  expect(await bench.rows("select id, a, c from raw.things where id <= 2 order by id")).toEqual([
    { id: 1, a: 10, c: 5 },
    { id: 2, a: 2, c: 5 },
  ]);
  // What the stream brought is logged once; what it could not tell, after that.
  expect(await bench.rows("select _op, id, a, c from raw_changes.things where _op <> 'copy' order by _lsn, _seq")).toEqual([
    { _op: "update", id: 1, a: 10, c: 5 },
    ...[2, 3, 4, 5, 6].map((id) => ({ _op: "resync", id, a: id, c: 5 })),
  ]);
  // Who read the log up to the position of before finds it there, and who waits for a new one is told of it.
  const [resync] = await bench.rows(
    "select min(_lsn)::varchar as first, max(_lsn)::varchar as last from raw_changes.things where _op = 'resync'",
  );
  expect(BigInt(String(resync?.first))).toBeGreaterThanOrEqual(before);
  expect(BigInt(String(resync?.last))).toBeLessThan(parseLsn(mirror.applied()!.lsn));
  expect(await bench.rows("select _op, id, n from raw_changes.others where _op <> 'copy' order by _lsn, _seq")).toEqual([
    { _op: "update", id: 1, n: 1 },
    { _op: "insert", id: 2, n: 2 },
  ]);
});

test("read again while it is changed: large values left alone, keys that move, rows that come and go", async () => {
  await start();
  // Values that do not compress are stored out of line; they are others in the source than in the mirror, and the changes leave them out.
  await beginReading("things", "alter table things alter column body type text using upper(body)");
  for (const statement of [
    "insert into things values (7, 7, 'g'), (8, 8, null); delete from things where id in (3, 7)",
    `insert into things values (7, 7, E'a,"b"\\n\\r\\u2028客'), (9, 8, ''); update things set body = '' where id = 4`,
    "update things set a = 20; update things set a = 30 where id < 4",
    "update things set id = id + 10 where id < 3; update things set a = 40 where id = 11",
    "update things set id = 1 where id = 12; insert into things values (2, 9, 'z')",
    "insert into things select n, n, 'm' from generate_series(100, 50100) as n",
    "update things set a = 1 where id % 50 = 0",
    "update others set n = n + 1",
  ]) {
    await bench.source.query(statement);
  }
  await bench.settle();
  expect(await bench.rows("select n from raw.others")).toEqual([{ n: 1 }]);
  await finish();
  const rows = (await bench.source.query("select id, a, md5(body) as body from things order by id")).rows;
  expect(await replayed("id, a, md5(body) as body")).toEqual(rows);
});

test("a table without a key is read again while rows that are alike come and go", async () => {
  await start();
  await beginReading("pairs", "alter table pairs alter column b type text using upper(b)");
  await bench.source.query("insert into pairs values (4, 'X'), (4, 'X'), (4, 'X'), (3, null), (5, '')");
  await bench.source.query("delete from pairs where ctid = (select ctid from pairs where a = 4 limit 1)");
  await bench.source.query("delete from pairs where a = 2; update pairs set a = 6 where a = 5");
  await bench.source.query("update others set n = n + 1");
  await bench.settle();
  expect(await bench.rows("select n from raw.others")).toEqual([{ n: 1 }]);
  await finish();
});

test("a new table shows at once as it is when its first copy is loaded, and the log begins with that", async () => {
  await start();
  await beginReading("later", "create table later (id int primary key, name text); insert into later values (1, 'a'), (2, 'b')");
  await bench.source.query("insert into later values (3, 'c'); update later set name = 'B' where id = 2; delete from later where id = 1");
  await bench.source.query("update others set n = n + 1");
  await bench.settle();
  expect(await bench.rows("select n from raw.others")).toEqual([{ n: 1 }]);
  expect(await bench.rows("select * from raw.later")).toEqual([]);
  await finish();
  expect(await bench.rows("select _op, id, name from raw_changes.later order by id")).toEqual([
    { _op: "copy", id: 2, name: "B" },
    { _op: "copy", id: 3, name: "c" },
  ]);
  await bench.source.query("update later set name = 'C' where id = 3");
  await bench.settle();
  expect(await bench.rows("select name from raw.later order by id")).toEqual([{ name: "B" }, { name: "C" }]);
});

test("altered again in the middle: what was read is thrown away, and read once more", async () => {
  await start();
  await beginReading("things", added, beforeCopy);
  await bench.source.query("alter table things add column d int not null default 6; update things set a = 7 where id = 1");
  await finish();
  expect(await bench.rows("select distinct c, d from raw.things")).toEqual([{ c: 5, d: 6 }]);
  await beginReading("things", "alter table things add column e int not null default 7", beforeCopy);
  await bench.source.query("truncate things; insert into things values (1, 1, 'one')");
  await finish();
  await beginReading("things", "alter table things add column f int not null default 8", beforeCopy);
  // Whoever reads it by an older snapshot than this sees no row.
  await bench.source.query("alter table things alter column a type int using a + 1");
  await finish();
  expect(await bench.rows("select id, a, e, f from raw.things")).toEqual([{ id: 1, a: 2, e: 7, f: 8 }]);
  expect(await bench.rows("select _op from raw_changes.things where _op = 'delete'")).toEqual([]);
});

test("another table that is to be read again does not wait for a large one", async () => {
  await start();
  await beginReading("things", added);
  await bench.source.query("alter table others add column e int not null default 8; update others set n = 1");
  await expect.poll(() => bench.rows("select e from raw.others").catch(String), { timeout: 20_000 }).toEqual([{ e: 8 }]);
  expect(await bench.rows("select distinct c from raw.things")).toEqual([{ c: null }]);
  await finish();
});

test("a table that has been read can be altered while others of the same reading are still read", async () => {
  await start();
  await beginReading("things", `alter table others add column e int not null default 8; ${added}`);
  await bench.source.query("set lock_timeout = '5s'; alter table others add column f int not null default 9");
  await finish();
  expect(await bench.rows("select e, f from raw.others")).toEqual([{ e: 8, f: 9 }]);
});

test("it stands still for whoever holds it in the middle of a reading, and the reading goes on", async () => {
  await start();
  await beginReading("things", added);
  await bench.source.query("update others set n = 1");
  await bench.settle();
  const { rows } = await bench.source.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
  const release = await mirror.holdAt(rows[0]!.lsn);
  await bench.source.query("update others set n = 2");
  expect(await bench.rows("select n from raw.others")).toEqual([{ n: 1 }]);
  release();
  await finish();
  expect(await bench.rows("select n from raw.others")).toEqual([{ n: 2 }]);
});

test("kill -9 in the middle of a reading: it begins anew, and every version is in the log once", async () => {
  const slot = `kehu_${new URL(bench.url).pathname.slice(1)}`;
  const child = spawn(process.execPath, [join(import.meta.dirname, "run-for-tests.ts"), proxied, bench.dir, slot], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    const begun = proxy.stall('from only "crm"."things"');
    await bench.source.query(`${added}; update things set a = a`);
    await begun;
    const confirmed = async (): Promise<string> => {
      const { rows } = await bench.source.query<{ lsn: string }>(
        "select (select confirmed_flush_lsn from pg_replication_slots where slot_name = $1)::text as lsn",
        [slot],
      );
      return rows[0]!.lsn;
    };
    for (let n = 1; n <= 5; n++) await bench.source.query("update others set n = n + 1; update things set a = a + 100");
    // Durable, and so never sent again, while the table is still being read.
    const { rows } = await bench.source.query<{ lsn: string }>("select pg_logical_emit_message(true, 'kehu.test', '')::text as lsn");
    await expect
      .poll(async () => (await bench.source.query("select $1::pg_lsn >= $2::pg_lsn as reached", [await confirmed(), rows[0]!.lsn])).rows, {
        timeout: 30_000,
      })
      .toEqual([{ reached: true }]);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  await bench.source.query("update others set n = n + 1; update things set a = a + 100");
  proxy.release();
  await start();
  await finish();
  expect(await bench.rows("select n from raw_changes.others order by _lsn, _seq")).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => ({ n })));
  expect(await bench.rows("select a from raw_changes.things where id = 1 and _op <> 'resync' order by _lsn, _seq")).toEqual(
    [1, 1, 101, 201, 301, 401, 501, 601].map((a) => ({ a })),
  );
  expect(await bench.rows("select distinct c from raw.things")).toEqual([{ c: 5 }]);
});
