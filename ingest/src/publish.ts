import { constants } from "node:fs";
import { copyFile, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { checkpoint } from "./checkpoint.ts";
import { readPointer, replaceJson, snapshotsFolder, syncFolder, writePointer } from "./snapshot-pointer.ts";
import type { SnapshotPointer } from "./snapshot-pointer.ts";
import { sqlName } from "./warehouse.ts";
import type { Warehouse } from "./warehouse.ts";

/** Which earlier snapshots stay: the newest `last`, the newest of each of the last `hours` hours and `days` days. */
export interface Retention {
  last: number;
  hours: number;
  days: number;
}

export const defaultRetention: Retention = { last: 3, hours: 24, days: 7 };

/** A snapshot that leaves less than this share of the disk is not worth keeping beside the current one. */
const leastFreeShare = 0.1;

export interface Publication {
  /** Sortable; becomes the file's name. */
  build: string;
  lsn: string;
  freshTo: string;
  failedTests: number;
  changed: string[];
  keep?: Retention;
  /** The time that `finishedAt` states; default the machine's. */
  clock?: () => Date;
  /** Awaited once the snapshot is whole and before it is served: who spaces publishes waits here, with the copying done. */
  beforeServing?: () => Promise<void>;
}

/** DuckDB's main header and its two root headers. Blocks reachable from the current root are only overwritten after a root has moved. */
async function readHeaders(file: string): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(3 * 4096), 0, 3 * 4096, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Copies the database while it may be written: a checkpoint in between moves a root header, and the copy is made again. */
async function copyWhole(connection: DuckDBConnection, from: string, to: string): Promise<void> {
  for (;;) {
    await checkpoint(connection, "warehouse");
    const before = await readHeaders(from);
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    if (before.equals(await readHeaders(from))) break;
  }
  const handle = await open(to, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A snapshot stands alone: it opens, and no view in it names another catalog (the mirror, or the warehouse by its name). */
async function checkStandsAlone(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY", threads: "1" });
  const connection = await instance.connect();
  try {
    const views = await connection.runAndReadAll("select schema_name, view_name from duckdb_views() where not internal");
    for (const [schema, view] of views.getRows()) {
      const name = `${sqlName(String(schema))}.${sqlName(String(view))}`;
      try {
        (await connection.prepare(`select * from ${name}`)).destroySync();
      } catch (error) {
        throw new Error(`the view ${name} refers to something outside the snapshot; make it a table, or name its sources without catalog`, {
          cause: error,
        });
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The snapshots that stay by `keep`, newest first in `snapshots`. Pure. */
export function retained(snapshots: readonly { name: string; at: number }[], keep: Retention, now: number): Set<string> {
  const stays = new Set(snapshots.slice(0, keep.last).map(({ name }) => name));
  const newestPer = (unitMs: number, units: number): void => {
    const seen = new Set<number>();
    for (const { name, at } of snapshots) {
      const slot = Math.floor(at / unitMs);
      if (now - at > units * unitMs || seen.has(slot)) continue;
      seen.add(slot);
      stays.add(name);
    }
  };
  newestPer(3_600_000, keep.hours);
  newestPer(86_400_000, keep.days);
  return stays;
}

async function removeOld(dir: string, newest: string, keep: Retention): Promise<void> {
  const folder = snapshotsFolder(dir);
  const served = (await readPointer(dir))?.build;
  const names = (await readdir(folder)).filter((name) => name.endsWith(".duckdb"));
  const snapshots = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
  snapshots.sort((one, other) => other.at - one.at || (other.name > one.name ? 1 : -1));
  const stays = retained(snapshots, keep, Date.now());
  for (const { name } of snapshots.toReversed()) {
    if (name === newest || name === `${served}.duckdb`) continue;
    const { bavail, blocks } = await statfs(folder);
    if (stays.has(name) && bavail / blocks >= leastFreeShare) continue;
    await rm(join(folder, name), { force: true });
    await rm(join(folder, name.replace(/duckdb$/, "json")), { force: true });
  }
}

/**
 * Publishes the catalog `warehouse` as an immutable snapshot and makes it the served one, unless an earlier one is pinned. The caller has no transaction open on it.
 * A crash at any point leaves the earlier snapshot served. Throws when the catalog can't be checkpointed or a view reaches outside it.
 */
export async function publishSnapshot(warehouse: Warehouse, publication: Publication): Promise<SnapshotPointer> {
  const { build, lsn, freshTo, failedTests, changed, keep = defaultRetention, clock = () => new Date() } = publication;
  if (!/^[\w-]+$/.test(build)) throw new Error(`a build is named by letters, digits, "-" and "_", not "${build}"`);
  const folder = snapshotsFolder(warehouse.dir);
  const name = `${build}.duckdb`;
  const unfinished = join(folder, `${name}.tmp`);
  const connection = await warehouse.connect();
  try {
    await copyWhole(connection, join(warehouse.dir, "warehouse.duckdb"), unfinished);
    await checkStandsAlone(unfinished);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    connection.closeSync();
  }
  await rename(unfinished, join(folder, name));
  await syncFolder(folder);
  await publication.beforeServing?.();
  const pointer: SnapshotPointer = { build, file: name, lsn, freshTo, finishedAt: clock().toISOString(), failedTests, changed };
  // Beside the snapshot stays what is known of it, for whoever serves it again later.
  await replaceJson(warehouse.dir, `${build}.json`, pointer);
  if (!(await readPointer(warehouse.dir))?.pinned) await writePointer(warehouse.dir, pointer);
  await removeOld(warehouse.dir, name, keep);
  return { ...pointer, file: join(folder, name) };
}
