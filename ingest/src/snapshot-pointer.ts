import { mkdirSync, watch } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

/** Which snapshot is served: the content of `snapshots/current.json`. */
export interface SnapshotPointer {
  build: string;
  /** Absolute path of the snapshot. In the file it is the bare name, so that a data folder may be moved. */
  file: string;
  /** The Postgres position the snapshot states, `0/1A2B3C8`. */
  lsn: string;
  /** RFC 3339 UTC: commit time of the last transaction included, or of the check when nothing newer exists. */
  freshTo: string;
  finishedAt: string;
  failedTests: number;
  /** Marts rebuilt by this build. */
  changed: string[];
  /** Someone chose this build: later publishes are kept but not served, until `resumeSnapshots`. */
  pinned?: true;
}

export const snapshotsFolder = (dir: string): string => join(dir, "snapshots");
const pointerFile = (dir: string): string => join(snapshotsFolder(dir), "current.json");

/** Makes a rename in `folder` survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The served snapshot of the warehouse folder `dir`; null before the first publish. */
export async function readPointer(dir: string): Promise<SnapshotPointer | null> {
  let text: string;
  try {
    text = await readFile(pointerFile(dir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const pointer = JSON.parse(text) as SnapshotPointer;
  return { ...pointer, file: join(snapshotsFolder(dir), pointer.file) };
}

/** Replaces a file of the snapshots folder in one step: a reader sees the old or the new content, also after a crash. */
export async function replaceJson(dir: string, name: string, content: SnapshotPointer): Promise<void> {
  const file = join(snapshotsFolder(dir), name);
  const unfinished = `${file}.tmp${process.pid}`;
  const handle = await open(unfinished, "w");
  try {
    await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
  await syncFolder(snapshotsFolder(dir));
}

/** Makes `pointer` the served one. */
export const writePointer = (dir: string, pointer: SnapshotPointer): Promise<void> =>
  replaceJson(dir, "current.json", { ...pointer, file: `${pointer.build}.duckdb` });

/**
 * Says that the served snapshot is still complete to a later position, because nothing it states has changed since.
 * Only the pointer is written; a pinned one stays as it is. Returns it, or null before the first publish.
 */
export async function advancePointer(dir: string, to: { lsn: string; freshTo: string }): Promise<SnapshotPointer | null> {
  const pointer = await readPointer(dir);
  if (!pointer || pointer.pinned) return pointer;
  await writePointer(dir, { ...pointer, ...to });
  return { ...pointer, ...to };
}

/** File systems without change events (network mounts) are noticed this late. */
const pollMs = 1_000;

/**
 * Calls `onChange` with each new pointer (a publish, a pinned build or a moved `freshTo`), never for the one there when it starts.
 * Makes the snapshots folder when the writer has not yet. Returns the function that ends the watch. Failures to read go to `onError`.
 */
export function watchPointer(
  dir: string,
  onChange: (pointer: SnapshotPointer) => void,
  onError: (error: unknown) => void = (error) => {
    throw error;
  },
): () => void {
  let stopped = false;
  let known: string | undefined;
  let reading = Promise.resolve();
  const look = async (first: boolean): Promise<void> => {
    const pointer = await readPointer(dir);
    const text = JSON.stringify(pointer);
    if (stopped || text === known) return;
    known = text;
    if (pointer && !first) onChange(pointer);
  };
  const queue = (first = false): void => {
    reading = reading.then(() => look(first)).catch(onError);
  };
  mkdirSync(snapshotsFolder(dir), { recursive: true });
  queue(true);
  const watcher = watch(snapshotsFolder(dir), (_event, name) => {
    if (name === null || name === "current.json") queue();
  });
  watcher.on("error", onError);
  const timer = setInterval(queue, pollMs);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
    watcher.close();
  };
}
