import { spawn } from "node:child_process";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Binaries } from "./binaries.ts";
import type { ServerAccount } from "./placement.ts";

/** The role that owns everything; the first of the cluster, so it may create databases, roles and replication slots. */
export const ownerRole = "kehu";
export const databaseName = "kehu";
/** Of the server that the packages bring. */
export const majorVersion = "18";

/**
 * The locale that sorts Chinese (pinyin) and, by a UTF-8 ctype, lets pg_trgm see Chinese letters at all:
 * with ctype C `show_trgm('上海')` is empty and every `like '%上海%'` a sequential scan, silently.
 */
const localeOptions = [
  "--encoding=UTF8",
  `--locale=${process.platform === "darwin" ? "en_US.UTF-8" : "C.UTF-8"}`,
  "--locale-provider=icu",
  "--icu-locale=zh",
];

/** The major version that made the cluster, or null when there is none. */
const versionOf = async (cluster: string): Promise<string | null> => {
  try {
    return await readFile(join(cluster, "PG_VERSION"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};

export const hasCluster = async (cluster: string): Promise<boolean> => (await versionOf(cluster)) !== null;

/** Makes the cluster unless there is one. An initdb cut short leaves only a directory that the next start removes. */
export async function ensureCluster(options: {
  cluster: string;
  account: ServerAccount;
  binaries: Binaries;
  password: string;
}): Promise<{ created: boolean }> {
  const { cluster, account, binaries, password } = options;
  const version = await versionOf(cluster);
  if (version !== null) {
    if (version.trim() !== majorVersion)
      throw new Error(
        `${cluster} was made by Postgres ${version.trim()}, this is ${majorVersion}: export it with the version that made it`,
      );
    return { created: false };
  }

  const unfinished = `${cluster}.new`;
  const passwordFile = `${cluster}.password`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(cluster), { recursive: true });
  await mkdir(unfinished, { mode: 0o700 });
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, password, { mode: 0o600, flag: "wx" });
  if (account) for (const path of [unfinished, passwordFile]) await chown(path, account.uid, account.gid);
  try {
    await run(
      binaries.initdb,
      ["-D", unfinished, "-U", ownerRole, `--pwfile=${passwordFile}`, "--auth=scram-sha-256", ...localeOptions],
      account,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rm(cluster, { recursive: true, force: true });
  await rename(unfinished, cluster);
  return { created: true };
}

async function run(program: string, args: string[], account: ServerAccount): Promise<void> {
  // cwd: the server's account may not be able to enter ours.
  const child = spawn(program, args, { cwd: "/", env: serverEnvironment, stdio: ["ignore", "pipe", "pipe"], ...account });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${output.trim()}`);
}

/** Nothing of ours reaches the server by its environment: no secret, no PG* variable of the user's. */
export const serverEnvironment: NodeJS.ProcessEnv = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };
