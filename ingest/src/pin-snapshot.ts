import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readPointer, snapshotsFolder, writePointer } from "./snapshot-pointer.ts";
import type { SnapshotPointer } from "./snapshot-pointer.ts";

/** What was known of each snapshot that is kept, newest first. */
async function readKept(dir: string): Promise<SnapshotPointer[]> {
  const folder = snapshotsFolder(dir);
  const names = new Set(await readdir(folder));
  const kept = [...names].filter((name) => name.endsWith(".duckdb") && names.has(name.replace(/duckdb$/, "json")));
  const pointers = await Promise.all(
    kept.map(async (name) => JSON.parse(await readFile(join(folder, name.replace(/duckdb$/, "json")), "utf8")) as SnapshotPointer),
  );
  return pointers.toSorted((one, other) => Date.parse(other.finishedAt) - Date.parse(one.finishedAt));
}

/** Serves an earlier snapshot, and goes on serving it while later ones are published. Throws with the builds there are when it is not kept. */
export async function pinSnapshot(dir: string, build: string): Promise<SnapshotPointer> {
  const kept = await readKept(dir);
  const chosen = kept.find((pointer) => pointer.build === build);
  if (!chosen) throw new Error(`there is no snapshot "${build}"; kept are ${kept.map((pointer) => pointer.build).join(", ") || "none"}`);
  await writePointer(dir, { ...chosen, pinned: true });
  return (await readPointer(dir))!;
}

/** Serves the newest snapshot again. Returns it, or null when nothing was pinned. */
export async function resumeSnapshots(dir: string): Promise<SnapshotPointer | null> {
  if (!(await readPointer(dir))?.pinned) return null;
  const [newest] = await readKept(dir);
  if (!newest) throw new Error(`no snapshot is left in ${snapshotsFolder(dir)}`);
  await writePointer(dir, newest);
  return readPointer(dir);
}
