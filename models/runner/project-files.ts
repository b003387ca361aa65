import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { ProjectError } from "./errors.ts";
import type { ProjectSettings } from "./resources.ts";

export interface SourceFile {
  /** Relative to the project, with `/`; a package's files begin with the package's folder. */
  file: string;
  /** Relative to the resource folder (`models/`), with `/`. */
  pathInFolder: string;
  text: string;
}

/** Every file below the folders whose name ends in one of `extensions`, in the order of their paths; absent folders have none. Files that end in `skip` are named, not read. */
export async function filesBelow(
  { directory, prefix }: Pick<ProjectSettings, "directory" | "prefix">,
  folders: readonly string[],
  extensions: readonly string[],
  { recursive = true, skip }: { recursive?: boolean; skip?: string } = {},
): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for (const folder of folders) {
    const root = join(directory, folder);
    const entries = await readdir(root, { recursive, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    const paths = entries
      .filter((entry) => entry.isFile() && extensions.some((extension) => entry.name.endsWith(extension)))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.includes(`${sep}node_modules${sep}`))
      .sort();
    for (const path of paths) {
      found.push({
        file: prefix + relative(directory, path).split(sep).join("/"),
        pathInFolder: relative(root, path).split(sep).join("/"),
        text: skip !== undefined && path.endsWith(skip) ? "" : readText(path),
      });
    }
  }
  return found;
}

/** At once: a project has hundreds of small files, and waiting for each takes several times as long as reading it. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ProjectError(`cannot read ${path}`, { cause });
  }
}
