import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { snapshotsFolder } from "./snapshot-pointer.ts";
import { descriptionOf, firstToGo, type Retention } from "./snapshot-retention.ts";
import { sqlText } from "./warehouse.ts";

/** A file that was a snapshot and belongs to nobody but the publish that took it. */
export interface Recycled {
  /** Lets go of the file, which stays. */
  release(): Promise<void>;
}

/**
 * Takes a snapshot that goes with the publish of `coming`, gives its file the name `unfinished` and keeps everybody else from opening it. Null when none goes,
 * or somebody still reads the one that does: that one is only unlinked, later, and lives on for its readers.
 */
export async function recycleSnapshot(dir: string, coming: string, unfinished: string, keep: Retention): Promise<Recycled | null> {
  const name = await firstToGo(dir, coming, keep);
  if (name === null) return null;
  const file = join(snapshotsFolder(dir), name);
  if (await isOpenHere(file)) return null;
  await rm(join(snapshotsFolder(dir), descriptionOf(name)), { force: true });
  // First no new reader can find it, then who has it already is asked for: every reader holds DuckDB's lock on its file.
  await rename(file, unfinished);
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    await connection.run(`attach ${sqlText(unfinished)} as recycled`);
  } catch {
    // Read by another process, or no whole database: either way of no use here, and its time is over.
    close();
    await rm(unfinished, { force: true });
    return null;
  }
  return {
    async release() {
      await connection.run("detach recycled");
      close();
    },
  };
}

/** Whether this process has the file open: its own locks don't stand in its way. True where the system does not say. */
async function isOpenHere(file: string): Promise<boolean> {
  const wanted = await stat(file);
  const folder = "/proc/self/fd";
  const open = await readdir(folder).catch(() => null);
  if (open === null) return true;
  for (const each of open) {
    const one = await stat(join(folder, each)).catch(() => null); // closed since
    if (one?.ino === wanted.ino && one.dev === wanted.dev) return true;
  }
  return false;
}
