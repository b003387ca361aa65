import { rmSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { snapshotsFolder } from "./snapshot-pointer.ts";

/** What one DuckDB instance may take of the machine. */
export interface DuckDBBudget {
  /** DuckDB's own spelling: `2GB`. */
  memoryLimit?: string;
  threads?: number;
}

/** The writer's side of the warehouse: one DuckDB instance with the catalogs `mirror` and `warehouse`. */
export interface Warehouse {
  /** The folder of `mirror.duckdb`, `warehouse.duckdb` and `snapshots/`. */
  readonly dir: string;
  /** DuckDB's threads, of which work that does better with fewer leaves some alone for its time. */
  readonly threads: number;
  /** A new connection in UTC, with `mirror` as its current catalog. Closed by `close()` at the latest. */
  connect(): Promise<DuckDBConnection>;
  /** Ends every connection and releases both files. */
  close(): void;
}

/** DuckDB's text literal. For the few places that take no parameters: ATTACH, COPY, SET. */
export const sqlText = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** A quoted identifier. */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const settings = ({ memoryLimit, threads }: DuckDBBudget): Record<string, string> => ({
  ...(memoryLimit === undefined ? {} : { memory_limit: memoryLimit }),
  ...(threads === undefined ? {} : { threads: String(threads) }),
});

/** Remembers the connections it gives out: DuckDB keeps a file open as long as any of them lives. */
function trackConnections(instance: DuckDBInstance): Pick<Warehouse, "connect" | "close"> {
  const connections: DuckDBConnection[] = [];
  return {
    async connect() {
      const connection = await instance.connect();
      connections.push(connection);
      return connection;
    },
    close() {
      for (const connection of connections) connection.closeSync();
      instance.closeSync();
    },
  };
}

async function countThreads(connection: DuckDBConnection): Promise<number> {
  const found = await connection.runAndReadAll("select current_setting('threads')::int");
  return Number(found.getRows()[0]![0]);
}

/**
 * The format of a new mirror: its texts are compressed at less cost, a seventh of a copy's in DuckDB. A mirror that is there keeps the format that it has. Only
 * DuckDB from 1.3 on reads it, so all other files have DuckDB's default.
 */
const mirrorFormat = "v1.3.0";

/** Opens one database file for writing, alone in its process, in UTC. Creates the file; its folder exists. */
async function openDatabaseFile(file: string, budget: DuckDBBudget): Promise<Omit<Warehouse, "dir">> {
  const format = { storage_compatibility_version: mirrorFormat };
  // fromCache: two instances of one file in one process are accepted by DuckDB and diverge silently.
  const opened = trackConnections(await DuckDBInstance.fromCache(file, { ...settings(budget), ...format }));
  const connection = await opened.connect();
  await connection.run("set global TimeZone = 'UTC'");
  await connection.run("reset global storage_compatibility_version");
  return { ...opened, threads: await countThreads(connection) };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Removes what killed processes left: half of a publish, and the spill files of queries. */
async function removeUnfinished(dir: string): Promise<void> {
  const spills = join(dir, "spill");
  await mkdir(spills, { recursive: true });
  for (const pid of await readdir(spills)) if (!isAlive(Number(pid))) await rm(join(spills, pid), { recursive: true });
  const folder = snapshotsFolder(dir);
  for (const name of await readdir(folder)) {
    if (name.includes(".tmp")) await rm(join(folder, name), { recursive: true });
  }
}

/**
 * Opens `mirror.duckdb` and `warehouse.duckdb` in `dir` for writing; creates what is missing.
 * Fails when another process has them open: there is one writer.
 */
export async function openWarehouse(options: { dir: string } & DuckDBBudget): Promise<Warehouse> {
  const { dir } = options;
  await mkdir(snapshotsFolder(dir), { recursive: true });
  await removeUnfinished(dir);
  const opened = await openDatabaseFile(join(dir, "mirror.duckdb"), options);
  try {
    const connection = await opened.connect();
    await connection.run(`attach if not exists ${sqlText(join(dir, "warehouse.duckdb"))} as warehouse`);
  } catch (error) {
    opened.close();
    throw error;
  }
  return { dir, ...opened };
}

/**
 * Opens a mirror in a file of its own for writing; creates it and its folder. The catalog is called `mirror` whatever the file's name: in a catalog called
 * `raw` the schema of that name could not be told from it.
 */
export async function openMirrorFile(database: string): Promise<Warehouse> {
  const file = resolve(database);
  const dir = dirname(file);
  await mkdir(dir, { recursive: true });
  const opened = trackConnections(await DuckDBInstance.fromCache(`:memory:mirror of ${file}`, { temp_directory: `${file}.tmp` }));
  let threads: number;
  try {
    const connection = await opened.connect();
    await connection.run("set global TimeZone = 'UTC'");
    await connection.run(`attach if not exists ${sqlText(file)} as mirror`);
    threads = await countThreads(connection);
  } catch (error) {
    opened.close();
    throw error;
  }
  return {
    dir,
    threads,
    close: opened.close,
    async connect() {
      const connection = await opened.connect();
      await connection.run("use mirror");
      return connection;
    },
  };
}

/** Whether this process has to clean up after itself at its end. */
let spillsOutside = false;

/**
 * Where queries on `file` spill to: a folder per process, as DuckDB's spill files are named alike in every instance. A snapshot's is in its warehouse
 * folder, cleaned at the writer's next start; any other file may lie where this process must not write, so its is among the system's temporary files.
 */
function spillFolder(file: string): string {
  const dir = dirname(dirname(file));
  if (snapshotsFolder(dir) === dirname(file)) return join(dir, "spill", `${process.pid}`);
  const folder = join(tmpdir(), `kehu-spill-${process.pid}`);
  if (!spillsOutside) process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  spillsOutside = true;
  return folder;
}

/**
 * Opens a published snapshot for reading. The instance's own catalog is an empty in-memory database; the snapshot is attached read-only as `snap`.
 * Calls with the same file share one instance. It is released when its connections are closed and nothing refers to it any more.
 */
export async function openSnapshot(file: string, budget: DuckDBBudget = {}): Promise<DuckDBInstance> {
  const spill = spillFolder(file);
  await mkdir(spill, { recursive: true });
  const instance = await DuckDBInstance.fromCache(`:memory:${file}`, {
    ...settings(budget),
    temp_directory: join(spill, basename(file)),
  });
  const connection = await instance.connect();
  try {
    await connection.run("set global TimeZone = 'UTC'");
    await connection.run(`attach if not exists ${sqlText(file)} as snap (read_only)`);
  } finally {
    connection.closeSync();
  }
  return instance;
}
