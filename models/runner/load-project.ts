import { ProjectError, didYouMean } from "./errors.ts";
import { assertAcyclic } from "./graph.ts";
import { dbtMacros, macrosOf, MacroTable } from "./macros.ts";
import { ProjectParser } from "./project-parser.ts";
import { readProjectFile } from "./project-file.ts";
import { filesBelow } from "./project-files.ts";
import { readProperties, type Properties } from "./properties.ts";
import { renderSettings } from "./render-settings.ts";
import type { Macro, Node, Project, ProjectSettings, Settings, TargetInfo } from "./resources.ts";
import { parseYaml } from "./yaml.ts";

export interface LoadOptions {
  projectDir: string;
  target: TargetInfo;
  vars: Settings;
}

/** Reads a whole dbt project: files, properties, configuration, dependencies. Raises ProjectError or TemplateError. */
export async function loadProject(options: LoadOptions): Promise<Project> {
  const { target, vars } = options;
  const settings = await readProjectFile(options.projectDir, target, vars);
  const { directory } = settings;
  const [models, seeds, snapshots, tests, macroFiles, propertyFiles] = await Promise.all([
    filesBelow(directory, settings.modelPaths, [".sql"]),
    filesBelow(directory, settings.seedPaths, [".csv"]),
    filesBelow(directory, settings.snapshotPaths, [".sql"]),
    filesBelow(directory, settings.testPaths, [".sql"]),
    filesBelow(directory, settings.macroPaths, [".sql"]),
    filesBelow(
      directory,
      [
        ...new Set([
          ...settings.modelPaths,
          ...settings.seedPaths,
          ...settings.snapshotPaths,
          ...settings.macroPaths,
          ...settings.testPaths,
        ]),
      ],
      [".yml", ".yaml"],
    ),
  ]);
  const isGeneric = (path: string): boolean => path.startsWith("generic/");
  const macroSources = [...macroFiles, ...tests.filter((file) => isGeneric(file.pathInFolder))];
  const macros = [...dbtMacros(), ...macroSources.flatMap((file) => macrosOf(file.text, file.file, settings.name))];
  const project: Project = {
    settings,
    target,
    vars,
    nodes: new Map(),
    disabled: new Map(),
    sources: new Map(),
    macros: macroMap(macros),
  };
  const properties = await readAllProperties(propertyFiles, settings, target, vars);
  const parser = new ProjectParser(project, new MacroTable(macros), properties);
  for (const table of properties.sources) parser.addSource(table);
  for (const file of models) await parser.addModel(file);
  for (const file of seeds) await parser.addSeed(file);
  for (const file of snapshots) await parser.addSnapshots(file);
  await parser.addYamlSnapshots();
  parser.checkPatches();
  for (const file of tests) if (!isGeneric(file.pathInFolder)) await parser.addSingularTest(file);
  await parser.addGenericTests();
  parser.addUnitTests();
  resolveDependencies(project);
  assertAcyclic(project.nodes);
  return project;
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

async function readAllProperties(
  files: { file: string; text: string }[],
  settings: ProjectSettings,
  target: TargetInfo,
  vars: Settings,
): Promise<Properties> {
  const all: Properties = { models: [], seeds: [], snapshots: [], sources: [], unitTests: [] };
  for (const { file, text } of files) {
    const context = { file, target, vars: { ...settings.vars, ...vars } };
    const document = readProperties(await renderSettings(parseYaml(text, file), context), file);
    all.models.push(...document.models);
    all.seeds.push(...document.seeds);
    all.snapshots.push(...document.snapshots);
    all.sources.push(...document.sources);
    all.unitTests.push(...document.unitTests);
  }
  return all;
}

/** Turns the names that `ref` and `source` saw into unique ids. */
function resolveDependencies(project: Project): void {
  const models = new Map<string, Node>();
  for (const node of project.nodes.values())
    if (node.resourceType === "model" || node.resourceType === "seed" || node.resourceType === "snapshot") models.set(node.name, node);
  const disabledNames = new Set([...project.disabled.values()].map((node) => node.name));
  for (const node of project.nodes.values()) {
    const isTest = node.resourceType === "test" || node.resourceType === "unit_test";
    if (isTest && node.refs.some((name) => !models.has(name) && disabledNames.has(name))) {
      // dbt leaves out tests of what is disabled. (A map may lose the entry that is being visited.)
      project.nodes.delete(node.uniqueId);
      project.disabled.set(node.uniqueId, node);
      continue;
    }
    const needed = new Set<string>();
    for (const name of node.refs) {
      const found = models.get(name);
      if (!found) {
        const why = disabledNames.has(name) ? "which is disabled" : `which does not exist.${didYouMean(name, models.keys())}`;
        throw new ProjectError(`${node.file}: ${node.name} refers to ref('${name}'), ${why}`);
      }
      needed.add(found.uniqueId);
    }
    for (const [sourceName, tableName] of node.sources) {
      const uniqueId = `source.${project.settings.name}.${sourceName}.${tableName}`;
      if (!project.sources.has(uniqueId)) {
        const known = [...project.sources.values()].map((source) => `${source.sourceName}.${source.name}`);
        throw new ProjectError(
          `${node.file}: ${node.name} refers to source('${sourceName}', '${tableName}'), which no YAML file declares.${didYouMean(`${sourceName}.${tableName}`, known)}`,
        );
      }
      needed.add(uniqueId);
    }
    node.dependsOn = [...needed].sort();
  }
}
