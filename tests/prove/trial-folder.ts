import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { alive, startPostgres } from "@kehu/operational-api";

/** A trial's Postgres outlives the trial's process: it is stopped before its files go. */
async function remove(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const dataDir = join(folder, name);
    if (!existsSync(join(dataDir, "runtime.json"))) continue;
    try {
      await (await startPostgres({ dataDir })).stop();
    } catch (error) {
      // One that was only being made can't be started; and a server whose files are gone ends by itself.
      console.error(`${dataDir}: ${(error as Error).message}`);
    }
  }
  await rm(folder, { recursive: true, force: true });
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a trial with a folder of its own for everything that it puts among the temporary files. The folder goes, with the Postgres in it, at the trial's end
 * and when a signal ends it; what a trial left that was killed is removed here by the next one.
 */
export async function inTrialFolder(trial: string, work: () => Promise<void>): Promise<void> {
  const prefix = `kehu-prove-${trial}-`;
  const place = tmpdir();
  for (const name of await readdir(place)) {
    const pid = Number(name.startsWith(prefix) ? name.slice(prefix.length) : Number.NaN);
    if (Number.isInteger(pid) && !alive(pid)) await remove(join(place, name));
  }
  const folder = join(place, `${prefix}${process.pid}`);
  await mkdir(folder);
  // Postgres runs under another account when this is root's, and has to reach its own folder in here.
  await chmod(folder, 0o755);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  const end = (signal: NodeJS.Signals): void => {
    console.error(`${trial}: ended by ${signal}, removing what it made`);
    void remove(folder).finally(() => process.exit(128 + constants.signals[signal]));
  };
  for (const signal of signals) process.once(signal, end);
  try {
    await work();
  } finally {
    for (const signal of signals) process.off(signal, end);
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await remove(folder);
  }
}
