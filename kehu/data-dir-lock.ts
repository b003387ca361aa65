import { existsSync } from "node:fs";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "@kehu/operational-api/definitions";

const startOf = async (pid: number): Promise<string | null> => {
  try {
    // Field 22 of /proc/<pid>/stat: the process's start time. A recycled pid has another one.
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")")).split(" ")[20] ?? null;
  } catch {
    try {
      process.kill(pid, 0); // no /proc on this system: alive or not is all there is to know
      return "alive";
    } catch {
      return null;
    }
  }
};

/** Lies in a data directory while a backup is laid down in it. */
export const unfinishedRestore = "restoring";

const fileIn = (dataDir: string): string => join(dataDir, "kehu.pid");

/** The id of the process whose `kehu start` runs on this data directory; null when none does. */
export async function holderOf(dataDir: string): Promise<string | null> {
  const [pid = "", startedAt = ""] = (await readFile(fileIn(dataDir), "utf8").catch(() => "")).split(" "); // no file: no holder
  return pid && (await startOf(Number(pid))) === startedAt ? pid : null;
}

export const isHeld = async (dataDir: string): Promise<boolean> => (await holderOf(dataDir)) !== null;

/**
 * Keeps a second `kehu start` off the same data directory. What a killed one left behind is taken over.
 * Throws ConfigError while another one runs, and where a restore did not come to its end.
 */
export async function holdDataDir(dataDir: string): Promise<() => Promise<void>> {
  if (existsSync(join(dataDir, unfinishedRestore)))
    throw new ConfigError(`a restore into KEHU_DATA_DIR ${dataDir} did not finish; empty the folder and run kehu restore again`);
  const file = fileIn(dataDir);
  const mine = `${process.pid} ${await startOf(process.pid)}`;
  const written = `${file}.${process.pid}`;
  await writeFile(written, mine);
  try {
    for (;;) {
      try {
        // A link appears with its content, or not at all: a start at the same instant never reads half of it.
        await link(written, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = await holderOf(dataDir);
      if (holder) throw new ConfigError(`KEHU_DATA_DIR ${dataDir} is in use by process ${holder}; stop that one, or give another folder`);
      await rm(file, { force: true });
    }
  } finally {
    await rm(written, { force: true });
  }
}
