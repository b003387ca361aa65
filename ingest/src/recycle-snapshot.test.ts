import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterEach, expect, test } from "vitest";
import { sharesBlocks } from "./copy-database.ts";
import { openSnapshot, openWarehouse, publishSnapshot, type SnapshotPointer, type Warehouse } from "./index.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Scratch {
  warehouse: Warehouse;
  connection: DuckDBConnection;
  /** Publishes; the newest two stay. */
  publish(build: string): Promise<SnapshotPointer>;
}

async function openScratch(): Promise<Scratch> {
  const dir = await mkdtemp(join(tmpdir(), "kehu-recycle-"));
  cleanups.push(() => rm(dir, { recursive: true }));
  const warehouse = await openWarehouse({ dir, threads: 1, memoryLimit: "200MB" });
  cleanups.push(() => warehouse.close());
  const connection = await warehouse.connect();
  await connection.run("use warehouse; create table sold as select range as id, hash(range) as amount from range(300000)");
  const publish = (build: string): Promise<SnapshotPointer> =>
    publishSnapshot(warehouse, {
      build,
      lsn: "0/1",
      freshTo: "2026-11-22T00:00:00.000Z",
      failedTests: 0,
      changed: ["sold"],
      keep: { last: 2, hours: 0, days: 0 },
    });
  return { warehouse, connection, publish };
}

/** Writes the table anew until every block of the file has other content: what is freed is used again after a checkpoint. */
async function overwrite(connection: DuckDBConnection): Promise<void> {
  for (let round = 0; round < 3; round++)
    await connection.run(
      `create or replace table sold as select range + ${round} as id, hash(range + 7) as amount from range(300000); checkpoint`,
    );
  await connection.run("create or replace table sold as select range as id, 1::ubigint as amount from range(300000); checkpoint");
}

/** Whether the snapshot is the writer's file, byte for byte. */
async function isWarehouse({ file }: SnapshotPointer, { dir }: Warehouse): Promise<boolean> {
  return (await readFile(file)).equals(await readFile(join(dir, "warehouse.duckdb")));
}

const inode = async (file: string): Promise<number> => (await stat(file)).ino;

const sum = "sum(amount)::varchar || '/' || count(*)";

async function readSum(connection: DuckDBConnection, table: string): Promise<string> {
  return String((await connection.runAndReadAll(`select ${sum} from ${table}`)).getRows()[0]?.[0]);
}

const sumInWarehouse = (connection: DuckDBConnection): Promise<string> => readSum(connection, "warehouse.sold");

async function sumOf(file: string): Promise<string> {
  const reader = await (await openSnapshot(file, { threads: 1 })).connect();
  try {
    return await readSum(reader, "snap.sold");
  } finally {
    reader.closeSync();
  }
}

test("a publish writes only what differs into the file of a snapshot whose time is over, and comes to the same bytes", async ({ skip }) => {
  const { warehouse, connection, publish } = await openScratch();
  skip(await sharesBlocks(join(warehouse.dir, "warehouse.duckdb"), join(warehouse.dir, "clone")), "copies share their blocks here");
  const first = await publish("b1");
  const reused = await inode(first.file);
  const second = await publish("b2");
  expect(await inode(second.file)).not.toBe(reused);
  // Deleted and new rows, another table, and fewer blocks in the end.
  await connection.run(
    "delete from sold where id % 3 = 0; insert into sold select range, 1 from range(1000); create table more as select 7 as n",
  );
  const third = await publish("b3");
  expect(await inode(third.file)).toBe(reused);
  expect(await isWarehouse(third, warehouse)).toBe(true);
  await connection.run("create or replace table sold as select 5::ubigint as id, 6::ubigint as amount; checkpoint");
  await publish("b4");
  const fifth = await publish("b5");
  expect(await inode(fifth.file)).toBe(reused);
  expect(await isWarehouse(fifth, warehouse)).toBe(true);
  expect(await sumOf(fifth.file)).toBe("6/1");
  expect((await readdir(join(warehouse.dir, "snapshots"))).toSorted()).toEqual([
    "b4.duckdb",
    "b4.json",
    "b5.duckdb",
    "b5.json",
    "current.json",
  ]);
});

test("a file that somebody wrote to is compared, whatever this process knows of it", async ({ skip }) => {
  const { warehouse, publish } = await openScratch();
  skip(await sharesBlocks(join(warehouse.dir, "warehouse.duckdb"), join(warehouse.dir, "clone")), "copies share their blocks here");
  const first = await publish("b1");
  const reused = await inode(first.file);
  await publish("b2");
  const handle = await open(first.file, "r+");
  const { size, mtimeMs } = await handle.stat();
  await handle.write(Buffer.alloc(64, 7), 0, 64, size - 4096);
  // It stays the oldest, which is the next to go.
  await handle.utimes(mtimeMs / 1000 - 1, mtimeMs / 1000 - 1);
  await handle.close();
  const third = await publish("b3");
  expect(await inode(third.file)).toBe(reused);
  expect(await isWarehouse(third, warehouse)).toBe(true);
});

test("a snapshot that this process still reads is left to its readers", async () => {
  const { connection, publish } = await openScratch();
  const first = await publish("b1");
  const before = await sumInWarehouse(connection);
  // It has the file open and has read none of its rows.
  const reader = await (await openSnapshot(first.file, { threads: 1 })).connect();
  cleanups.push(() => reader.closeSync());
  await overwrite(connection);
  await publish("b2");
  const third = await publish("b3");
  expect(await readSum(reader, "snap.sold")).toBe(before);
  expect(await sumOf(third.file)).toBe("300000/300000");
});

test("a snapshot that another process still reads is left to its readers", async () => {
  const { connection, publish } = await openScratch();
  const first = await publish("b1");
  const before = await sumInWarehouse(connection);
  const program = `
    const { DuckDBInstance } = await import(${JSON.stringify(import.meta.resolve("@duckdb/node-api"))});
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    await connection.run("attach '${first.file}' as snap (read_only)");
    console.log("holds");
    for await (const _ of process.stdin) {
      const found = await connection.runAndReadAll("select ${sum} from snap.sold");
      console.log(String(found.getRows()[0][0]));
      process.exit(0);
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  cleanups.push(() => void child.kill());
  child.stdout.setEncoding("utf8");
  expect(String((await once(child.stdout, "data"))[0])).toBe("holds\n");
  await overwrite(connection);
  await publish("b2");
  const third = await publish("b3");
  const answered = once(child.stdout, "data");
  child.stdin.write("read\n");
  expect(String((await answered)[0])).toBe(`${before}\n`);
  expect(await sumOf(third.file)).toBe("300000/300000");
});
