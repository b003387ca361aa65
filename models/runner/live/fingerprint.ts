import { createHash } from "node:crypto";
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import type { Project } from "../resources.ts";
import { filesBelow } from "../project-files.ts";

/** A hash of everything that decides what a build makes besides the data: the project's files and variables. */
export async function fingerprintOf(project: Project): Promise<string> {
  const { directory, modelPaths, seedPaths, macroPaths, testPaths } = project.settings;
  const hash = createHash("sha256");
  hash.update(await readFile(join(directory, "dbt_project.yml")));
  for (const { file, text } of await filesBelow(
    directory,
    [...modelPaths, ...seedPaths, ...macroPaths, ...testPaths],
    [".sql", ".yml", ".yaml", ".csv"],
  )) {
    hash.update(`\0${file}\0${text}`);
  }
  hash.update(JSON.stringify({ ...project.vars, as_of: null }));
  return hash.digest("hex");
}
