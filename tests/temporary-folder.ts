import { chmod, mkdir, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alive } from "../operational-api/src/postgres/index.ts";
import { stopWhatRunsIn } from "./stack.ts";

/** A Kehu and a Postgres outlive who started them: they are stopped before their files go. */
async function remove(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const dataDir = join(folder, name);
    try {
      await stopWhatRunsIn(dataDir);
    } catch (error) {
      // One that was only being made can't be started; and a server whose files are gone ends by itself.
      console.error(`${dataDir}: ${(error as Error).message}`);
    }
  }
  await rm(folder, { recursive: true, force: true });
}

/**
 * Gives this process, and those that it starts from now on, a folder of their own for everything that they put among the temporary files. What is returned
 * removes it, with the Kehu and the Postgres that run in it. What processes left that were killed is removed by the next of the same `name`.
 */
export async function enterTemporaryFolder(name: string): Promise<() => Promise<void>> {
  const prefix = `kehu-${name}-`;
  const place = tmpdir();
  for (const other of await readdir(place)) {
    const pid = Number(other.startsWith(prefix) ? other.slice(prefix.length) : Number.NaN);
    if (!Number.isInteger(pid) || alive(pid)) continue;
    const { uid } = await stat(join(place, other));
    if (uid === process.getuid?.()) await remove(join(place, other));
  }
  const folder = join(place, `${prefix}${process.pid}`);
  await mkdir(folder);
  // Postgres runs under another account when this is root's, and has to reach its own folder in here.
  await chmod(folder, 0o755);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await remove(folder);
  };
}
