import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ports } from "./messages.ts";

/** How another command of the same user reaches the processes of a running `kehu start`. */
export interface Processes {
  internalSecret: string;
  ports: Ports;
}

const fileIn = (dataDir: string): string => join(dataDir, "processes.json");

export async function writeProcesses(dataDir: string, processes: Processes): Promise<void> {
  const file = fileIn(dataDir);
  await writeFile(`${file}.tmp`, JSON.stringify(processes), { mode: 0o600 });
  await rename(`${file}.tmp`, file);
}

export async function readProcesses(dataDir: string): Promise<Processes | null> {
  const text = await readFile(fileIn(dataDir), "utf8").catch(() => null); // no file: nothing has run here
  return text === null ? null : (JSON.parse(text) as Processes);
}

export const removeProcesses = (dataDir: string): Promise<void> => rm(fileIn(dataDir), { force: true });
