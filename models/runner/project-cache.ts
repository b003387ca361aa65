import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DocsBlock, Exposure, Group, Node, Project, Source, TargetInfo, Settings } from "./resources.ts";
import { environmentReads } from "./render-settings.ts";

/** What parsing gives, as it is kept between runs; macros are read anew each time. */
interface Parsed {
  key: string;
  /** Environment variables that templates asked for, and what they were. */
  environment: Record<string, string | null>;
  nodes: Node[];
  disabled: Node[];
  sources: Source[];
  docs: DocsBlock[];
  exposures: Exposure[];
  groups: Group[];
  warnings: string[];
}

const fileName = "partial_parse.json";

/** A hash of everything parsing reads: the files, the target, the variables and the runner itself. */
export async function parseKey(texts: Iterable<{ file: string; text: string }>, target: TargetInfo, vars: Settings): Promise<string> {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([await runnerVersion(), target, vars]));
  for (const { file, text } of texts) hash.update(`\0${file}\0${text}`);
  return hash.digest("hex");
}

let version: Promise<string> | undefined;

/** Changes with the runner's own source, so that a cache never outlives the code that wrote it. */
export function runnerVersion(): Promise<string> {
  version ??= (async () => {
    const names = (await readdir(import.meta.dirname, { recursive: true })).filter((name) => name.endsWith(".ts")).sort();
    const stats = await Promise.all(names.map((name) => stat(join(import.meta.dirname, name))));
    return names.map((name, index) => `${name} ${stats[index]?.mtimeMs} ${stats[index]?.size}`).join("\n");
  })();
  return version;
}

/** Fills the project from an earlier run's parse when nothing it read has changed; tells whether it did. */
export async function readParsed(project: Project, folder: string, key: string): Promise<boolean> {
  const file = join(folder, fileName);
  // Decoding while it is read costs several times as much for a text this large.
  const text = existsSync(file) ? (await readFile(file)).toString("utf8") : null;
  if (text === null || !text.startsWith(`{"key":"${key}"`)) return false;
  const parsed: Parsed = JSON.parse(text);
  for (const [name, value] of Object.entries(parsed.environment)) if ((process.env[name] ?? null) !== value) return false;
  fill(project.nodes, parsed.nodes);
  fill(project.disabled, parsed.disabled);
  fill(project.sources, parsed.sources);
  fill(project.docs, parsed.docs);
  fill(project.exposures, parsed.exposures);
  fill(project.groups, parsed.groups);
  project.warnings.push(...parsed.warnings);
  return true;
}

function fill<T extends { uniqueId: string }>(map: Map<string, T>, items: readonly T[]): void {
  for (const item of items) map.set(item.uniqueId, item);
}

export async function writeParsed(project: Project, folder: string, key: string): Promise<void> {
  const { nodes, disabled, sources, docs, exposures, groups, warnings } = project;
  const parsed: Parsed = {
    key,
    environment: Object.fromEntries([...environmentReads].map((name) => [name, process.env[name] ?? null])),
    nodes: [...nodes.values()],
    disabled: [...disabled.values()],
    sources: [...sources.values()],
    docs: [...docs.values()],
    exposures: [...exposures.values()],
    groups: [...groups.values()],
    warnings,
  };
  await mkdir(folder, { recursive: true });
  // A run that is stopped while it writes must not leave half a file.
  const draft = join(folder, `${fileName}.${process.pid}`);
  await writeFile(draft, JSON.stringify(parsed));
  await rename(draft, join(folder, fileName));
}
