import { createHash } from "node:crypto";
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import type { Project } from "../resources.ts";
import { filesBelow } from "../project-files.ts";

/** A hash of everything that decides what a build makes besides the data: the project's files and variables. */
export async function fingerprintOf(project: Project): Promise<string> {
  const hash = createHash("sha256");
  for (const one of project.packages.values()) {
    hash.update(await readFile(join(one.directory, "dbt_project.yml")));
    const folders = [...one.modelPaths, ...one.seedPaths, ...one.macroPaths, ...one.testPaths];
    for (const { file, text } of await filesBelow(one, folders, [".sql", ".yml", ".yaml", ".csv"])) hash.update(`\0${file}\0${text}`);
  }
  hash.update(JSON.stringify({ ...project.vars, as_of: null }));
  return hash.digest("hex");
}
