import { chmod, chown, mkdir, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BaseBackup } from "./base-backup.ts";
import { majorVersion } from "./cluster.ts";
import { copyHashed } from "./hashed-copy.ts";
import { placeServer } from "./placement.ts";
import { updateRuntime, type Runtime } from "./runtime-file.ts";

/** Whether this program's server can start on the backup; the reason why not, or null. */
export const foreignCluster = (backup: Pick<BaseBackup, "majorVersion"> & { platform: string }): string | null => {
  if (backup.majorVersion !== majorVersion) return `it was taken from Postgres ${backup.majorVersion}, this is ${majorVersion}`;
  const here = `${process.platform}-${process.arch}`;
  return backup.platform === here ? null : `it was taken on ${backup.platform}, this is ${here}`;
};

/**
 * Lays the files of a base backup (`from`) down as the cluster of the data directory, which has none, with the password and secret that go with them.
 * The next start of the server makes it whole from the log in it. Throws when a file is not what the backup says.
 */
export async function restoreCluster(options: {
  dataDir: string;
  from: string;
  backup: Pick<BaseBackup, "files" | "folders">;
  runtime: Pick<Runtime, "password" | "secret">;
}): Promise<void> {
  const { from, backup } = options;
  const dataDir = await realpath(options.dataDir);
  const runtime = await updateRuntime(dataDir, options.runtime);
  const { account, cluster } = await placeServer(dataDir, runtime);
  const unfinished = `${cluster}.restoring`;
  const give = async (path: string, mode: number): Promise<void> => {
    await chmod(path, mode);
    if (account) await chown(path, account.uid, account.gid);
  };
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(cluster), { recursive: true });
  for (const folder of ["", ...backup.folders.toSorted()]) {
    await mkdir(join(unfinished, folder), { recursive: true });
    await give(join(unfinished, folder), 0o700);
  }
  for (const { path, sha256 } of backup.files) {
    const copied = await copyHashed(join(from, path), join(unfinished, path));
    if (copied.sha256 !== sha256) throw new Error(`${join(from, path)} changed while it was restored`);
    await give(join(unfinished, path), 0o600);
  }
  await rename(unfinished, cluster);
}
