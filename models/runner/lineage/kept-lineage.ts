import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runnerVersion } from "../project-cache.ts";
import type { KeptLineage, TracedNode } from "./project-lineage.ts";

const fileName = "column_lineage.json";

/** What an earlier run left in the target folder; empty when there is none, or when another version of the runner wrote it. */
export async function readKeptLineage(folder: string): Promise<KeptLineage> {
  const text = await readFile(join(folder, fileName), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return new Map();
  const { version, nodes }: { version: string; nodes: [string, TracedNode][] } = JSON.parse(text);
  return version === (await runnerVersion()) ? new Map(nodes) : new Map();
}

/** Whole or not at all: a run that is stopped must not leave half a file. */
export async function writeKeptLineage(folder: string, kept: KeptLineage): Promise<void> {
  const draft = join(folder, `${fileName}.${process.pid}`);
  await writeFile(draft, JSON.stringify({ version: await runnerVersion(), nodes: [...kept] }));
  await rename(draft, join(folder, fileName));
}
