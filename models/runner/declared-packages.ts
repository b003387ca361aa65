import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ProjectError } from "./errors.ts";
import { readPackages } from "./load-project.ts";
import { readProjectFile } from "./project-file.ts";
import { renderSettings } from "./render-settings.ts";
import type { ProjectSettings, Settings, TargetInfo } from "./resources.ts";
import { asList, asSettings, asText, parseYaml } from "./yaml.ts";
import { YamlPlace } from "./yaml-place.ts";

const target: TargetInfo = { name: "kehu", catalog: "none", schema: "main", threads: 1 };

interface DeclaredPackage {
  /** As messages show it: `dbt-labs/dbt_utils 1.1.1`. */
  text: string;
  /** The project's name, as far as the declaration tells it. */
  name: string;
  /** The file that asks for it. */
  file: string;
}

/**
 * `deps`: says of each package that packages.yml or dependencies.yml ask for, those of packages too, whether it lies in the packages' folder.
 * Nothing is downloaded. Raises ProjectError when one is missing.
 */
export async function checkPackages(options: { projectDir: string; vars?: Settings; log?: (message: string) => void }): Promise<void> {
  const vars = options.vars ?? {};
  const project = await readProjectFile(options.projectDir, target, vars);
  const installed = await readPackages(project, target, vars);
  const declared: DeclaredPackage[] = [];
  for (const owner of [project, ...installed]) declared.push(...(await declaredBy(owner, vars)));
  const missing = new Map<string, DeclaredPackage>();
  for (const one of declared) {
    const found = installed.find(({ name, prefix }) => [name, basename(prefix)].some((known) => plain(known) === plain(one.name)));
    if (found) options.log?.(`${one.text} (${one.file}): ${found.prefix.slice(0, -1)}, version ${found.version || "not stated"}`);
    else if (!missing.has(plain(one.name))) missing.set(plain(one.name), one);
  }
  if (declared.length === 0) options.log?.("neither packages.yml nor dependencies.yml asks for a package");
  if (missing.size === 0) return;
  const lines = [...missing.values()].map(({ text, name, file }) => `  ${text} (${file}): lay it into ${project.packagesPath}/${name}/`);
  throw new ProjectError(
    `nothing is downloaded: packages are laid into ${project.packagesPath}/ by hand, each a folder with its dbt_project.yml. Missing:\n${lines.join("\n")}`,
  );
}

/** Repositories write dashes where projects have underscores. */
const plain = (name: string): string => name.toLowerCase().replaceAll("-", "_");

async function declaredBy(owner: ProjectSettings, vars: Settings): Promise<DeclaredPackage[]> {
  const declared: DeclaredPackage[] = [];
  for (const name of ["packages.yml", "dependencies.yml"]) {
    const text = await readFile(join(owner.directory, name), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) continue;
    const file = `${owner.prefix}${name}`;
    const context = { file, kind: "properties" as const, target, projectName: owner.name, vars: { ...owner.vars, ...vars } };
    const { packages } = await renderSettings(parseYaml(text, file), context);
    const place = new YamlPlace(file, text, ["packages"]);
    for (const item of asList(packages, place)) declared.push({ ...(await described(asSettings(item, place), owner, place)), file });
  }
  return declared;
}

async function described(entry: Settings, owner: ProjectSettings, place: YamlPlace): Promise<Omit<DeclaredPackage, "file">> {
  const last = (path: string): string => basename(path).replace(/\.git$/, "");
  const written = (value: unknown): string => (value === undefined ? "" : ` ${Array.isArray(value) ? value.join(", ") : String(value)}`);
  const { package: hub, git, private: repository, local, tarball } = entry;
  if (hub !== undefined) return { text: `${asText(hub, place)}${written(entry.version)}`, name: last(asText(hub, place)) };
  if (local !== undefined) {
    const path = asText(local, place);
    const folder = resolve(owner.directory, path);
    const project = await readProjectFile(folder, target, {}).catch((error: unknown) => {
      if (!(error instanceof ProjectError)) throw error;
      throw place.error(`the local package ${path} can't be read: ${error.message}`);
    });
    return { text: path, name: project.name };
  }
  const url = git ?? repository ?? tarball;
  if (url === undefined)
    throw place.error(`a package is "package", "git", "private", "local" or "tarball", found ${JSON.stringify(entry).slice(0, 120)}`);
  const name = entry.name ?? (entry.subdirectory === undefined ? last(asText(url, place)) : last(asText(entry.subdirectory, place)));
  return { text: `${asText(url, place)}${written(entry.revision)}`, name: asText(name, place) };
}
