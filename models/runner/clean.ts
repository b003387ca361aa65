import { realpath, rm } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { ProjectError } from "./errors.ts";
import { readProjectFile } from "./project-file.ts";
import type { Settings } from "./resources.ts";

/** `clean`: removes the folders that dbt_project.yml lists as clean-targets. Raises ProjectError, before anything is removed, for one that is not the project's to lose. */
export async function cleanTargets(options: { projectDir: string; vars?: Settings; log?: (message: string) => void }): Promise<void> {
  const target = { name: "kehu", catalog: "none", schema: "main", threads: 1 };
  const settings = await readProjectFile(options.projectDir, target, options.vars ?? {});
  const { modelPaths, seedPaths, snapshotPaths, testPaths, macroPaths, analysisPaths } = settings;
  const project = await realpath(settings.directory);
  const kept = [...modelPaths, ...seedPaths, ...snapshotPaths, ...testPaths, ...macroPaths, ...analysisPaths].map((path) =>
    resolve(project, path),
  );
  const folders: { written: string; path: string }[] = [];
  for (const written of settings.cleanTargets) {
    const path = await inRealFolder(resolve(project, written));
    if (!path.startsWith(project + sep))
      throw new ProjectError(`dbt_project.yml: clean-targets: "${written}" is not a folder inside the project; nothing was removed`);
    const source = kept.find((folder) => folder === path || folder.startsWith(path + sep) || path.startsWith(folder + sep));
    if (source !== undefined)
      throw new ProjectError(
        `dbt_project.yml: clean-targets: "${written}" would remove ${relative(project, source)}/, which holds the project's own files; nothing was removed`,
      );
    folders.push({ written, path });
  }
  for (const { written, path } of folders) {
    await rm(path, { recursive: true, force: true });
    options.log?.(`removed ${written}`);
  }
}

/** The path with the links above it followed: a link inside the project may lead out of it. The path itself may be a link, which is all that is removed then. */
async function inRealFolder(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return dirname(path);
    throw error;
  });
  return join(folder, path.slice(dirname(path).length));
}
