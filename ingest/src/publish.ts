import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { cloneFile, copyDatabase, sharesBlocks, writeDifferences } from "./copy-database.ts";
import { recycleSnapshot } from "./recycle-snapshot.ts";
import { readPointer, replaceJson, snapshotsFolder, syncFolder, writePointer } from "./snapshot-pointer.ts";
import type { SnapshotPointer } from "./snapshot-pointer.ts";
import { defaultRetention, descriptionOf, removeOld, type Retention } from "./snapshot-retention.ts";
import { sqlName } from "./warehouse.ts";
import type { Warehouse } from "./warehouse.ts";

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

/** Brings the catalog's bytes into the file `unfinished`: into that of a snapshot whose time is over, where there is one, as most of it is the same. */
async function writeSnapshot(warehouse: Warehouse, name: string, unfinished: string, keep: Retention): Promise<void> {
  const source = join(warehouse.dir, "warehouse.duckdb");
  const connection = await warehouse.connect();
  const shares = await sharesBlocks(source, unfinished);
  const recycled = shares ? null : await recycleSnapshot(warehouse.dir, name, unfinished, keep);
  try {
    await copyDatabase(connection, source, unfinished, shares ? cloneFile : writeDifferences);
  } finally {
    await recycled?.release();
    connection.closeSync();
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
  try {
    await writeSnapshot(warehouse, name, unfinished, keep);
    await checkStandsAlone(unfinished);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await rename(unfinished, join(folder, name));
  await syncFolder(folder);
  await publication.beforeServing?.();
  const pointer: SnapshotPointer = { build, file: name, lsn, freshTo, finishedAt: clock().toISOString(), failedTests, changed };
  // Beside the snapshot stays what is known of it, for whoever serves it again later.
  await replaceJson(warehouse.dir, descriptionOf(name), pointer);
  if (!(await readPointer(warehouse.dir))?.pinned) await writePointer(warehouse.dir, pointer);
  await removeOld(warehouse.dir, name, keep);
  return { ...pointer, file: join(folder, name) };
}
