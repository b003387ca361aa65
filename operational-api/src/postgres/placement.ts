/**
 * Under which account the server runs, and where it can live so that this account reaches it.
 * Postgres refuses to run as root; as root it runs as `nobody`, who sees nothing below a private home.
 */

import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, lstat, mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { updateRuntime, type Runtime } from "./runtime-file.ts";

/** The account that postgres is given with `spawn`; `null`: ours. */
export type ServerAccount = { uid: number; gid: number } | null;

export interface Placement {
  account: ServerAccount;
  /** The cluster's directory (`-D`); may not exist yet. Its parent can be reached by the account. */
  cluster: string;
}

/** Tried in this order when the data directory can't be reached by the server's account. */
const sharedPlaces = ["/var/lib/kehu", "/opt/kehu", "/var/tmp/kehu"];

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const accountOf = (name: string): { uid: number; gid: number } => {
  const ask = (flag: string): number => Number(execFileSync("id", [flag, name], { encoding: "utf8" }).trim());
  return { uid: ask("-u"), gid: ask("-g") };
};

/** Whether anybody may walk through every directory above `path`. */
export async function reachableByAll(path: string): Promise<boolean> {
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (((await stat(directory)).mode & 0o001) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}

/** A directory outside every home that root owns and all may walk through. */
export async function sharedPlace(): Promise<string> {
  const refusals: string[] = [];
  for (const place of sharedPlaces) {
    try {
      await mkdir(place, { recursive: true });
      const { uid, mode } = await lstat(place);
      if (uid !== 0 || (mode & 0o022) !== 0) throw new Error("it belongs to somebody else");
      await chmod(place, 0o711);
      if (await reachableByAll(join(place, "x"))) return place;
      throw new Error("a directory above it is private");
    } catch (error) {
      refusals.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(
    `no place for the embedded Postgres that the account "nobody" can reach (${refusals.join("; ")}); start as an ordinary user, or set DATABASE_URL`,
  );
}

/** Decides once per data directory; the answer is kept in its `runtime.json`. `dataDir` is a real path and exists. */
export async function placeServer(dataDir: string, runtime: Runtime): Promise<Placement> {
  const inside = join(dataDir, "postgres");
  if (process.getuid?.() !== 0) return { account: null, cluster: runtime.cluster ?? inside };

  if (runtime.cluster) return { account: await ownerOf(runtime.cluster), cluster: runtime.cluster };
  if (await exists(inside)) return { account: await ownerOf(inside), cluster: inside };

  const account = accountOf("nobody");
  if (await reachableByAll(dataDir)) {
    const { mode, uid } = await stat(dataDir);
    if ((mode & 0o001) !== 0) return { account, cluster: inside };
    if (uid === 0) {
      // A private directory of root's own: let the server's group walk through it, and nobody else.
      await chown(dataDir, 0, account.gid);
      await chmod(dataDir, (mode & 0o700) | 0o010);
      return { account, cluster: inside };
    }
  }
  // The random part: a deleted and remade data directory must not meet the cluster of its predecessor.
  const name = `${createHash("sha256").update(dataDir).digest("hex").slice(0, 12)}-${randomBytes(3).toString("hex")}`;
  const cluster = join(await sharedPlace(), name);
  await updateRuntime(dataDir, { cluster });
  return { account, cluster };
}

/** A cluster goes on under the account that made it: a data directory may be started by its user today and by root tomorrow. */
async function ownerOf(cluster: string): Promise<ServerAccount> {
  if (!(await exists(cluster))) return accountOf("nobody");
  const { uid, gid } = await stat(cluster);
  return uid === 0 ? accountOf("nobody") : { uid, gid };
}
