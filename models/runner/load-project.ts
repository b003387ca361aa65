import { access, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { docsBlocks } from "./docs-blocks.ts";
import { ProjectError } from "./errors.ts";
import { assertAcyclic } from "./graph.ts";
import { dbtMacros, macrosOf, MacroTable } from "./macros.ts";
import { parseKey, readParsed, writeParsed } from "./project-cache.ts";
import { readProjectFile } from "./project-file.ts";
import { filesBelow, type SourceFile } from "./project-files.ts";
import { ProjectParser } from "./project-parser.ts";
import { variablesFor } from "./project-variables.ts";
import { emptyProperties, readProperties, type Properties } from "./properties.ts";
import { renderSettings } from "./render-settings.ts";
import { assertDistinctRelations, resolveDependencies } from "./resolve-dependencies.ts";
import type { Macro, Project, ProjectSettings, Settings, TargetInfo } from "./resources.ts";
import { asList, asSettings, asText, parseYaml } from "./yaml.ts";
import { YamlPlace } from "./yaml-place.ts";

export interface LoadOptions {
  projectDir: string;
  target: TargetInfo;
  vars: Settings;
  /** Keep what was parsed, for the next run, in this folder or else in the project's target folder; without `cache` nothing is kept. */
  cache?: { targetPath: string | undefined };
}

interface PackageFiles {
  models: SourceFile[];
  seeds: SourceFile[];
  snapshots: SourceFile[];
  tests: SourceFile[];
  analyses: SourceFile[];
  macros: SourceFile[];
  docs: SourceFile[];
  properties: SourceFile[];
}

/** Reads a whole dbt project with its packages: files, properties, configuration, dependencies. Raises ProjectError or TemplateError. */
export async function loadProject(options: LoadOptions): Promise<Project> {
  const { target, vars } = options;
  const settings = await readProjectFile(options.projectDir, target, vars);
  const packages = [...(await readPackages(settings, target, vars)), settings];
  const files = new Map(await Promise.all(packages.map(async (one): Promise<[string, PackageFiles]> => [one.name, await readFiles(one)])));
  const macros = [...dbtMacros(), ...packages.flatMap((one) => packageMacros(one.name, files.get(one.name)))];
  const project: Project = {
    settings,
    packages: new Map(packages.map((one) => [one.name, one])),
    target,
    vars,
    nodes: new Map(),
    disabled: new Map(),
    sources: new Map(),
    macros: macroMap(macros),
    docs: new Map(),
    exposures: new Map(),
    groups: new Map(),
    selectors: await readSelectors(settings, target, vars),
    warnings: [],
  };
  const { cache } = options;
  const folder = cache && resolve(settings.directory, cache.targetPath ?? settings.targetPath);
  const key = cache && (await parseKey(everyText(packages, files), target, vars));
  if (folder !== undefined && key !== undefined && (await readParsed(project, folder, key))) return project;
  for (const { name } of packages)
    for (const file of files.get(name)?.docs ?? []) for (const block of docsBlocks(file, name)) project.docs.set(block.uniqueId, block);
  const table = new MacroTable(macros, { root: settings.name, dispatch: settings.dispatch });
  for (const owner of packages) await parsePackage(project, owner, table, files.get(owner.name));
  resolveDependencies(project, new Map([...everyText(packages, files)].map(({ file, text }) => [file, text])));
  assertAcyclic(project.nodes);
  assertDistinctRelations(project);
  if (folder !== undefined && key !== undefined) await writeParsed(project, folder, key);
  return project;
}

/** All that was read, and the packages' settings. */
function* everyText(
  packages: readonly ProjectSettings[],
  files: ReadonlyMap<string, PackageFiles>,
): Generator<{ file: string; text: string }> {
  for (const one of packages) {
    yield { file: `${one.prefix}dbt_project.yml`, text: JSON.stringify({ ...one, dispatch: [...one.dispatch] }) };
    const { models, seeds, snapshots, tests, analyses, macros, docs, properties } = files.get(one.name) ?? noFiles;
    for (const list of [models, seeds, snapshots, tests, analyses, macros, docs, properties]) yield* list;
  }
}

const noFiles: PackageFiles = { models: [], seeds: [], snapshots: [], tests: [], analyses: [], macros: [], docs: [], properties: [] };

async function parsePackage(project: Project, owner: ProjectSettings, macros: MacroTable, files: PackageFiles | undefined): Promise<void> {
  if (!files) return;
  const properties = await readAllProperties(project, owner, files.properties);
  const parser = new ProjectParser(project, owner, macros, properties);
  await parser.addGroupsAndSources();
  for (const file of files.models) await parser.addModel(file);
  for (const file of files.seeds) await parser.addSeed(file);
  for (const file of files.snapshots) await parser.addSnapshots(file);
  await parser.addYamlSnapshots();
  parser.checkPatches();
  for (const file of files.tests) if (!isGenericTest(file)) await parser.addSingularTest(file);
  for (const file of files.analyses) await parser.addAnalysis(file);
  await parser.addGenericTests();
  parser.addUnitTests();
  await parser.addExposures();
}

const isGenericTest = (file: SourceFile): boolean => file.pathInFolder.startsWith("generic/");

/** The projects below dbt_packages/, by name. */
export async function readPackages(root: ProjectSettings, target: TargetInfo, vars: Settings): Promise<ProjectSettings[]> {
  const folder = join(root.directory, root.packagesPath);
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const packages: ProjectSettings[] = [];
  for (const entry of entries.sort()) {
    const directory = join(folder, entry);
    const isProject = await access(join(directory, "dbt_project.yml")).then(
      () => true,
      () => false,
    );
    if (!isProject) continue;
    const settings = await readProjectFile(directory, target, vars, `${root.packagesPath}/${entry}/`);
    const other = packages.find((one) => one.name === settings.name);
    if (other || settings.name === root.name)
      throw new ProjectError(
        `two packages are named "${settings.name}": ${other ? other.prefix : "the project itself"} and ${settings.prefix}`,
      );
    packages.push(settings);
  }
  return packages;
}

async function readFiles(owner: ProjectSettings): Promise<PackageFiles> {
  const { modelPaths, seedPaths, snapshotPaths, macroPaths, testPaths, analysisPaths, docsPaths } = owner;
  const folders = new Set([...modelPaths, ...seedPaths, ...snapshotPaths, ...macroPaths, ...testPaths, ...analysisPaths, ...docsPaths]);
  const below = new Map<string, SourceFile[]>();
  // Each folder is walked once, whatever is looked for in it; a seed's rows are read when it is built.
  for (const folder of folders)
    below.set(folder, await filesBelow(owner, [folder], [".sql", ".yml", ".yaml", ".md", ".csv"], { skip: ".csv" }));
  const pick = (paths: readonly string[], ...endings: string[]): SourceFile[] =>
    [...new Set(paths)].flatMap((path) => below.get(path) ?? []).filter(({ file }) => endings.some((ending) => file.endsWith(ending)));
  const yamlPaths = [...modelPaths, ...seedPaths, ...snapshotPaths, ...macroPaths, ...testPaths, ...analysisPaths];
  return {
    models: pick(modelPaths, ".sql"),
    seeds: pick(seedPaths, ".csv"),
    snapshots: pick(snapshotPaths, ".sql"),
    tests: pick(testPaths, ".sql"),
    analyses: pick(analysisPaths, ".sql"),
    macros: pick(macroPaths, ".sql"),
    docs: pick(docsPaths, ".md"),
    properties: pick(yamlPaths, ".yml", ".yaml"),
  };
}

function packageMacros(packageName: string, files: PackageFiles | undefined): Macro[] {
  if (!files) return [];
  return [...files.macros, ...files.tests.filter(isGenericTest)].flatMap((file) => macrosOf(file.text, file.file, packageName));
}

function macroMap(macros: Macro[]): Map<string, Macro> {
  const map = new Map<string, Macro>();
  for (const macro of macros) {
    const other = map.get(macro.uniqueId);
    if (other) throw new ProjectError(`macro "${macro.name}" is defined twice: in ${other.file} and in ${macro.file}`);
    map.set(macro.uniqueId, macro);
  }
  return map;
}

async function readAllProperties(project: Project, owner: ProjectSettings, files: readonly SourceFile[]): Promise<Properties> {
  const all = emptyProperties();
  const { target, settings } = project;
  const context = { kind: "properties" as const, target, projectName: settings.name, vars: variablesFor(project, owner.name) };
  for (const { file, text } of files) {
    const written = parseYaml(text, file);
    const document = readProperties(
      /\{[{%]/.test(text) ? await renderSettings(written, { ...context, file }) : written,
      new YamlPlace(file, text),
    );
    all.models.push(...document.models);
    all.seeds.push(...document.seeds);
    all.snapshots.push(...document.snapshots);
    all.sources.push(...document.sources);
    all.singularTests.push(...document.singularTests);
    all.analyses.push(...document.analyses);
    all.unitTests.push(...document.unitTests);
    all.exposures.push(...document.exposures);
    all.groups.push(...document.groups);
  }
  return all;
}

/** selectors.yml of the project itself. */
async function readSelectors(settings: ProjectSettings, target: TargetInfo, vars: Settings): Promise<Map<string, unknown>> {
  const [file] = (await filesBelow(settings, ["."], ["selectors.yml"], { recursive: false })).filter(
    ({ pathInFolder }) => pathInFolder === "selectors.yml",
  );
  if (!file) return new Map();
  const context = { file: file.file, kind: "properties" as const, target, projectName: settings.name, vars: { ...settings.vars, ...vars } };
  const document = await renderSettings(parseYaml(file.text, file.file), context);
  const place = new YamlPlace(file.file, file.text, ["selectors"]);
  return new Map(
    asList(document.selectors, place).map((item) => {
      const entry = asSettings(item, place);
      if (entry.name === undefined) throw place.error(`a selector has no "name": ${JSON.stringify(entry).slice(0, 120)}`);
      return [asText(entry.name, place), entry];
    }),
  );
}
