import { mergeConfig, projectConfig } from "./config.ts";
import { didYouMean } from "./errors.ts";
import { genericTestCode, genericTestName, testHash } from "./generic-tests.ts";
import type { MacroTable } from "./macros.ts";
import { NodeParser } from "./node-parser.ts";
import type { SourceFile } from "./project-files.ts";
import { snapshotBlocks } from "./snapshot-blocks.ts";
import type { Patch, Properties, SourceTable, TestCall } from "./properties.ts";
import { readCall } from "./references.ts";
import type { Node, NodeConfig, Project, ProjectSettings, Settings } from "./resources.ts";

type ConfigTree = keyof ProjectSettings["configTrees"];
type Described = "model" | "seed" | "snapshot";
const trees: Record<Described, ConfigTree> = { model: "models", seed: "seeds", snapshot: "snapshots" };

/** What a generic test is about. */
interface Subject {
  name: string;
  isSource: boolean;
  uniqueId: string;
  /** How the test's template names it: `ref('orders')`. */
  relation: string;
  fqn: string[];
}

/** Turns a package's files and properties into nodes, sources and tests. */
export class ProjectParser extends NodeParser {
  private readonly properties: Properties;
  private readonly patches: Record<Described | "test" | "analysis", Map<string, Patch>>;
  /** Patches that found their file, by the node's unique id. */
  private readonly applied = new Map<string, Patch>();

  constructor(project: Project, owner: ProjectSettings, macros: MacroTable, properties: Properties) {
    super(project, owner, macros);
    this.properties = properties;
    this.patches = {
      model: byStem(properties.models),
      seed: byStem(properties.seeds),
      snapshot: byStem(properties.snapshots),
      test: byStem(properties.singularTests),
      analysis: byStem(properties.analyses),
    };
  }

  /** dbt's cascade: the package's folders, then what stands nearer the node, then the project's folders over everything of a package. */
  private configure(tree: ConfigTree, fqn: readonly string[], near: readonly Settings[], materialized: string, place: string): NodeConfig {
    const { settings } = this.project;
    const outer = this.owner === settings ? [] : projectConfig(settings.configTrees[tree], fqn);
    return mergeConfig([...projectConfig(this.owner.configTrees[tree], fqn), ...near, ...outer], { materialized }, place);
  }

  async addGroupsAndSources(): Promise<void> {
    for (const group of this.properties.groups) {
      const uniqueId = `group.${this.name}.${group.name}`;
      const { name, file, owner, description } = group;
      this.project.groups.set(uniqueId, { uniqueId, name, file, owner, description, packageName: this.name });
    }
    for (const table of this.properties.sources) await this.addSource(table);
  }

  private async addSource(table: SourceTable): Promise<void> {
    const { sourceName, name, file } = table;
    const uniqueId = `source.${this.name}.${sourceName}.${name}`;
    const other = this.project.sources.get(uniqueId);
    if (other) throw table.place.error(`source ${sourceName}.${name} is declared twice; before in ${other.file}`);
    const fqn = [this.name, ...this.folders(file), sourceName, name];
    const config = this.configure("sources", fqn, [table.sourceConfig, table.config], "source", file);
    if (!config.enabled) return;
    this.project.sources.set(uniqueId, {
      uniqueId,
      packageName: this.name,
      sourceName,
      name,
      fqn,
      file,
      database: table.database ?? this.project.target.catalog,
      schema: table.schema,
      identifier: table.identifier,
      description: await this.describe(table.description, file),
      columns: await this.describeColumns(table.columns, file),
      config,
    });
  }

  async addModel(file: SourceFile): Promise<void> {
    await this.addRelationNode("model", file, file.pathInFolder.replace(/\.sql$/, ""), "view");
  }

  async addSeed(file: SourceFile): Promise<void> {
    await this.addRelationNode("seed", file, file.pathInFolder.replace(/\.csv$/, ""), "seed");
  }

  /** The `{% snapshot name %}` blocks of one file. */
  async addSnapshots(file: SourceFile): Promise<void> {
    const path = file.pathInFolder.replace(/\.sql$/, "");
    for (const { name, text } of snapshotBlocks(file.text, file.file))
      await this.addRelationNode("snapshot", { ...file, text }, `${path}/${name}`, "snapshot");
  }

  /** Snapshots that a YAML file declares with `relation:`. */
  async addYamlSnapshots(): Promise<void> {
    for (const { name, file, relation } of this.properties.snapshots) {
      if (relation === null) continue;
      const source = { file, pathInFolder: "", text: `select * from {{ ${relation} }}` };
      await this.addRelationNode("snapshot", source, [...this.folders(file), name].join("/"), "snapshot");
    }
  }

  private async addRelationNode(resourceType: Described, file: SourceFile, path: string, materialized: string): Promise<void> {
    const parts = path.split("/");
    const stem = parts.at(-1) ?? path;
    const patch = this.patches[resourceType].get(stem);
    const name = patch?.name ?? stem;
    const version = patch?.version ?? null;
    const fqn = [this.name, ...parts.slice(0, -1), ...(version === null ? [stem] : [name, `v${version}`])];
    const node = this.emptyNode(resourceType, name, fqn, file.file, file.text);
    if (patch) await this.applyPatch(node, patch);
    const tree = trees[resourceType];
    const own = patch?.config ?? {};
    // A template may ask config.get() for what the folder says.
    node.config = this.configure(tree, fqn, [own], materialized, node.file);
    const captured = await this.capture(node);
    node.config = this.configure(tree, fqn, [own, ...captured.config], materialized, node.file);
    node.database = await this.relationPart(node, "database");
    node.schema = await this.relationPart(node, "schema");
    node.alias = await this.relationPart(node, "alias");
    this.add(node);
  }

  private async applyPatch(node: Node, patch: Patch): Promise<void> {
    node.patchFile = patch.file;
    node.description = await this.describe(patch.description, patch.file);
    node.columns = await this.describeColumns(patch.columns, patch.file);
    node.constraints = patch.constraints;
    node.version = patch.version;
    node.latestVersion = patch.latestVersion;
    if (patch.version !== null) node.uniqueId = `${node.uniqueId}.v${patch.version}`;
    this.applied.set(node.uniqueId, patch);
  }

  /** YAML about a file that is not there is most likely a misspelt name; a version without a file can't be built. */
  checkPatches(): void {
    const applied = new Set(this.applied.values());
    for (const type of ["model", "seed", "snapshot"] as const) {
      const names = [...this.project.nodes.values(), ...this.project.disabled.values()]
        .filter((node) => node.resourceType === type && node.packageName === this.name)
        .map((node) => node.name);
      for (const patch of new Set(this.patches[type].values())) {
        if (applied.has(patch)) continue;
        if (patch.version !== null) {
          const files = patch.stems.map((stem) => `${stem}.sql`).join(" or ");
          throw patch.place.at("versions", patch.version).error(`version ${patch.version} of "${patch.name}" has no file ${files}`);
        }
        this.project.warnings.push(
          `${patch.file}: describes the ${type} "${patch.name}", which does not exist.${didYouMean(patch.name, names)}`,
        );
      }
    }
  }

  async addSingularTest(file: SourceFile): Promise<void> {
    const parts = file.pathInFolder.replace(/\.sql$/, "").split("/");
    const name = parts.at(-1) ?? "";
    const patch = this.patches.test.get(name);
    const node = this.emptyNode("test", name, [this.name, ...parts], file.file, file.text);
    if (patch) await this.applyPatch(node, patch);
    node.test = { attachedNode: null, columnName: null };
    const own = patch?.config ?? {};
    node.config = this.configure("tests", node.fqn, [own], "test", node.file);
    const captured = await this.capture(node);
    node.config = this.configure("tests", node.fqn, [own, ...captured.config], "test", node.file);
    this.add(node);
  }

  /** A query that is compiled and listed, and never built. */
  async addAnalysis(file: SourceFile): Promise<void> {
    const parts = file.pathInFolder.replace(/\.sql$/, "").split("/");
    const name = parts.at(-1) ?? "";
    const patch = this.patches.analysis.get(name);
    const node = this.emptyNode("analysis", name, [this.name, "analysis", ...parts], file.file, file.text);
    if (patch) await this.applyPatch(node, patch);
    const captured = await this.capture(node);
    node.config = mergeConfig([patch?.config ?? {}, ...captured.config], { materialized: "view" }, node.file);
    this.add(node);
  }

  async addGenericTests(): Promise<void> {
    for (const owner of this.project.nodes.values()) {
      const { resourceType } = owner;
      if (owner.packageName !== this.name || (resourceType !== "model" && resourceType !== "seed" && resourceType !== "snapshot")) continue;
      const patch = this.applied.get(owner.uniqueId);
      if (!patch) continue;
      const version = owner.version === null ? "" : `, v='${owner.version}'`;
      const subject = {
        name: owner.version === null ? owner.name : `${owner.name}_v${owner.version}`,
        isSource: false,
        uniqueId: owner.uniqueId,
        relation: `ref('${owner.name}'${version})`,
        fqn: owner.fqn,
      };
      for (const call of patch.tests) await this.addGenericTest(call, patch.file, subject);
    }
    for (const table of this.properties.sources) {
      const source = this.project.sources.get(`source.${this.name}.${table.sourceName}.${table.name}`);
      if (!source) continue;
      const { sourceName, name, uniqueId, fqn } = source;
      const subject = { name: `${sourceName}_${name}`, isSource: true, uniqueId, relation: `source('${sourceName}', '${name}')`, fqn };
      for (const call of table.tests) await this.addGenericTest(call, table.file, subject);
    }
  }

  private async addGenericTest(call: TestCall, file: string, subject: Subject): Promise<void> {
    const [packageName, short = call.test] = call.test.includes(".") ? call.test.split(".") : [null, call.test];
    const macroName = `test_${short}`;
    const macro =
      packageName === null || packageName === undefined
        ? this.macros.find(macroName, this.name)
        : this.macros.inPackage(packageName, macroName);
    if (!macro) throw call.place.error(this.unknownTest(call, packageName ?? null, short, subject));
    const { name, alias } = genericTestName(call, subject);
    const node = this.emptyNode("test", name, [...subject.fqn.slice(0, -1), name], file, genericTestCode(call));
    node.uniqueId = `test.${this.name}.${name}.${testHash(call, subject.uniqueId)}`;
    node.alias = alias;
    const kwargs: Settings = {
      ...call.arguments,
      ...(call.columnName !== null && { column_name: call.columnName }),
      model: `{{ get_where_subquery(${subject.relation}) }}`,
    };
    node.test = {
      metadata: { name: short, namespace: packageName ?? null, kwargs },
      attachedNode: subject.uniqueId,
      columnName: call.columnName,
    };
    const own = await this.renderConfig(call.config, file);
    node.config = this.configure("tests", node.fqn, [own], "test", file);
    if (node.config.enabled) {
      const captured = await this.capture(node);
      node.config = this.configure("tests", node.fqn, [...captured.config, own], "test", file);
    }
    this.add(node);
  }

  private unknownTest(call: TestCall, packageName: string | null, short: string, subject: Subject): string {
    if (packageName !== null && !this.macros.hasPackage(packageName)) {
      const { packagesPath } = this.project.settings;
      return `there is no test "${call.test}" (used on ${subject.name}): no package "${packageName}" lies in ${packagesPath}/`;
    }
    const known = this.macros
      .names()
      .filter((name) => name.startsWith("test_"))
      .map((name) => name.slice(5));
    return `there is no test "${call.test}" (used on ${subject.name}).${didYouMean(short, known)}`;
  }

  addUnitTests(): void {
    for (const { name, file, place, description, config, ...unitTest } of this.properties.unitTests) {
      const models = [...this.project.nodes.values(), ...this.project.disabled.values()].filter((node) => node.resourceType === "model");
      const model = models.find(
        (node) => node.name === unitTest.model && node.packageName === this.name && node.version === node.latestVersion,
      );
      if (!model) {
        const names = models.map((node) => node.name);
        throw place
          .at("model")
          .error(`unit test ${name} is about the model "${unitTest.model}", which does not exist.${didYouMean(unitTest.model, names)}`);
      }
      const node = this.emptyNode("unit_test", name, [...model.fqn.slice(0, -1), model.name, name], file, model.rawCode);
      node.uniqueId = `unit_test.${this.name}.${model.name}.${name}`;
      node.description = description;
      node.config = this.configure("unit_tests", node.fqn, [config], "unit", file);
      node.unitTest = unitTest;
      node.refs = [{ name: model.name, package: this.name, version: model.version }];
      this.add(node);
    }
  }

  async addExposures(): Promise<void> {
    for (const { dependsOn, place, ...exposure } of this.properties.exposures) {
      const { name, file } = exposure;
      const fqn = [this.name, ...this.folders(file), name];
      const config = this.configure("exposures", fqn, [exposure.config], "exposure", file);
      if (!config.enabled) continue;
      const calls = dependsOn.map((text) => readCall(text, place.at("depends_on", text)));
      const uniqueId = `exposure.${this.name}.${name}`;
      this.project.exposures.set(uniqueId, {
        ...exposure,
        uniqueId,
        packageName: this.name,
        fqn,
        description: await this.describe(exposure.description, file),
        config,
        refs: calls.flatMap((call) => (call.kind === "ref" ? [call.reference] : [])),
        sources: calls.flatMap((call): [string, string][] => (call.kind === "source" ? [[call.sourceName, call.tableName]] : [])),
        dependsOn: [],
      });
    }
  }

  /** The folders between models/ and a YAML file. */
  private folders(file: string): string[] {
    return file.slice(this.owner.prefix.length).split("/").slice(1, -1);
  }
}

function byStem(patches: Patch[]): Map<string, Patch> {
  const map = new Map<string, Patch>();
  for (const patch of patches) {
    for (const [index, stem] of patch.stems.entries()) {
      const other = map.get(stem);
      if (other && index === 0) throw patch.place.error(`"${patch.name}" is described twice; before in ${other.file}`);
      if (!other) map.set(stem, patch);
    }
  }
  return map;
}
