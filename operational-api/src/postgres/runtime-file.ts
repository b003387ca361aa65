import { open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const runtimeSchema = z.object({
  /** TCP port of the embedded server on 127.0.0.1. */
  port: z.number().int().optional(),
  /** Password of the owner role of the embedded server. */
  password: z.string().optional(),
  /** The signing secret made when KEHU_SECRET is not given. */
  secret: z.string().optional(),
  /** Absolute path of the cluster, when it can't be `postgres/` in the data directory. */
  cluster: z.string().optional(),
});

/** What an installation made up for itself and must find again: `runtime.json` in the data directory, mode 600. */
export type Runtime = z.infer<typeof runtimeSchema>;

export const runtimePath = (dataDir: string): string => join(dataDir, "runtime.json");

/** `{}` when there is no file yet. Throws when the file is there but not ours or broken: making up a new password would lock us out of the data. */
export async function readRuntime(dataDir: string): Promise<Runtime> {
  let text: string;
  try {
    text = await readFile(runtimePath(dataDir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    return runtimeSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${runtimePath(dataDir)} can't be read; it holds the password of the embedded Postgres: restore it from a backup`, {
      cause,
    });
  }
}

/** Merges `changes` into the file. Whole or not at all, also when the power goes. Root leaves it to the owner of the data directory, who may start next time. */
export async function updateRuntime(dataDir: string, changes: Runtime): Promise<Runtime> {
  const present = await readRuntime(dataDir);
  const runtime = { ...present, ...changes };
  if (JSON.stringify(runtime) === JSON.stringify(present)) return present;
  const temporary = `${runtimePath(dataDir)}.${process.pid}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(runtime, null, 2)}\n`);
    if (process.getuid?.() === 0) {
      const { uid, gid } = await stat(dataDir);
      await file.chown(uid, gid);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, runtimePath(dataDir));
  return runtime;
}
