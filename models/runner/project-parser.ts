import { mergeConfig, projectConfig } from "./config.ts";
import { ProjectError, didYouMean } from "./errors.ts";
import { genericTestCode, genericTestName, testHash } from "./generic-tests.ts";
import type { MacroTable } from "./macros.ts";
import { NodeParser } from "./node-parser.ts";
import type { SourceFile } from "./project-files.ts";
import { snapshotBlocks } from "./snapshot-blocks.ts";
import type { Patch, Properties, SourceTable, TestCall } from "./properties.ts";
import type { Project, Settings, Source } from "./resources.ts";

/** Turns a project's files and properties into nodes, sources and tests. */
export class ProjectParser extends NodeParser {
  private readonly properties: Properties;
  private readonly patches: Record<"model" | "seed" | "snapshot", Map<string, Patch>>;

  constructor(project: Project, macros: MacroTable, properties: Properties) {
    super(project, macros);
    this.properties = properties;
    this.patches = { model: byName(properties.models), seed: byName(properties.seeds), snapshot: byName(properties.snapshots) };
  }

  addSource(table: SourceTable): void {
    const uniqueId = `source.${this.name}.${table.sourceName}.${table.name}`;
    const other = this.project.sources.get(uniqueId);
    if (other) throw new ProjectError(`source ${table.sourceName}.${table.name} is declared twice: in ${other.file} and in ${table.file}`);
    const fqn = [this.name, ...folders(table.file), table.sourceName, table.name];
    const config = mergeConfig(
      [...projectConfig(this.project.settings.configTrees.sources, fqn), table.config],
      { materialized: "source" },
      table.file,
    );
    if (!config.enabled) return;
    const source: Source = {
      uniqueId,
      sourceName: table.sourceName,
      name: table.name,
      fqn,
      file: table.file,
      database: table.database ?? this.project.target.catalog,
      schema: table.schema,
      identifier: table.identifier,
      description: table.description,
      columns: table.columns,
      config,
    };
    this.project.sources.set(uniqueId, source);
  }

  async addModel(file: SourceFile): Promise<void> {
    await this.addRelationNode("model", file, file.pathInFolder.replace(/\.sql$/, ""), this.project.settings.configTrees.models, "view");
  }

  async addSeed(file: SourceFile): Promise<void> {
    await this.addRelationNode(
      "seed",
      { ...file, text: "" },
      file.pathInFolder.replace(/\.csv$/, ""),
      this.project.settings.configTrees.seeds,
      "seed",
    );
  }

  /** The `{% snapshot name %}` blocks of one file. */
  async addSnapshots(file: SourceFile): Promise<void> {
    const path = file.pathInFolder.replace(/\.sql$/, "");
    for (const { name, text } of snapshotBlocks(file.text, file.file)) {
      await this.addRelationNode("snapshot", { ...file, text }, `${path}/${name}`, this.project.settings.configTrees.snapshots, "snapshot");
    }
  }

  /** Snapshots that a YAML file declares with `relation:`. */
  async addYamlSnapshots(): Promise<void> {
    for (const { name, file, relation } of this.properties.snapshots) {
      if (relation === null) continue;
      const source = { file, pathInFolder: "", text: `select * from {{ ${relation} }}` };
      const path = [...folders(file), name].join("/");
      await this.addRelationNode("snapshot", source, path, this.project.settings.configTrees.snapshots, "snapshot");
    }
  }

  private async addRelationNode(
    resourceType: "model" | "seed" | "snapshot",
    file: SourceFile,
    path: string,
    tree: Settings,
    materialized: string,
  ): Promise<void> {
    const parts = path.split("/");
    const name = parts.at(-1) ?? path;
    const patch = this.patches[resourceType].get(name);
    const node = this.emptyNode(resourceType, name, [this.name, ...parts], file.file, file.text);
    node.patchFile = patch?.file ?? null;
    node.description = patch?.description ?? "";
    node.columns = patch?.columns ?? [];
    const outer = [...projectConfig(tree, node.fqn), patch?.config ?? {}];
    // A template may ask config.get() for what the folder says.
    node.config = mergeConfig(outer, { materialized }, node.file);
    const captured = await this.capture(node);
    node.config = mergeConfig([...outer, ...captured.config], { materialized }, node.file);
    node.database = await this.relationPart(node, "database");
    node.schema = await this.relationPart(node, "schema");
    node.alias = await this.relationPart(node, "alias");
    this.add(node);
  }

  /** A test under models/ or seeds/ that no file belongs to is most likely a misspelt name. */
  checkPatches(): void {
    for (const [type, patches] of Object.entries(this.patches)) {
      const names = [...this.project.nodes.values(), ...this.project.disabled.values()]
        .filter((node) => node.resourceType === type)
        .map((node) => node.name);
      for (const patch of patches.values()) {
        if (!names.includes(patch.name))
          throw new ProjectError(
            `${patch.file}: describes the ${type} "${patch.name}", which does not exist.${didYouMean(patch.name, names)}`,
          );
      }
    }
  }

  async addSingularTest(file: SourceFile): Promise<void> {
    const parts = file.pathInFolder.replace(/\.sql$/, "").split("/");
    const node = this.emptyNode("test", parts.at(-1) ?? "", [this.name, ...parts], file.file, file.text);
    node.test = { attachedNode: null, columnName: null };
    const captured = await this.capture(node);
    node.config = mergeConfig(
      [...projectConfig(this.project.settings.configTrees.tests, node.fqn), ...captured.config],
      { materialized: "test" },
      node.file,
    );
    this.add(node);
  }

  async addGenericTests(): Promise<void> {
    const relations = [...this.project.nodes.values()].filter(
      (node) => node.resourceType === "model" || node.resourceType === "seed" || node.resourceType === "snapshot",
    );
    for (const owner of relations) {
      const patch = this.patches[owner.resourceType === "seed" || owner.resourceType === "snapshot" ? owner.resourceType : "model"].get(
        owner.name,
      );
      for (const call of patch?.tests ?? []) {
        await this.addGenericTest(
          call,
          patch?.file ?? owner.file,
          owner.uniqueId,
          { name: owner.name, isSource: false },
          `ref('${owner.name}')`,
          owner.fqn,
        );
      }
    }
    for (const table of this.properties.sources) {
      const source = this.project.sources.get(`source.${this.name}.${table.sourceName}.${table.name}`);
      if (!source) continue;
      const subject = { name: `${source.sourceName}_${source.name}`, isSource: true };
      for (const call of table.tests) {
        await this.addGenericTest(
          call,
          table.file,
          source.uniqueId,
          subject,
          `source('${source.sourceName}', '${source.name}')`,
          source.fqn,
        );
      }
    }
  }

  private async addGenericTest(
    call: TestCall,
    file: string,
    owner: string,
    subject: { name: string; isSource: boolean },
    relation: string,
    ownerFqn: string[],
  ): Promise<void> {
    const [packageName, short = call.test] = call.test.includes(".") ? call.test.split(".") : [null, call.test];
    const macroName = `test_${short}`;
    const macro =
      packageName === null || packageName === undefined ? this.macros.find(macroName) : this.macros.inPackage(packageName, macroName);
    if (!macro) {
      const known = this.macros
        .names()
        .filter((name) => name.startsWith("test_"))
        .map((name) => name.slice(5));
      throw new ProjectError(`${file}: there is no test "${call.test}" (used on ${subject.name}).${didYouMean(short, known)}`);
    }
    const { name, alias } = genericTestName(call, subject);
    const node = this.emptyNode("test", name, [...ownerFqn.slice(0, -1), name], file, genericTestCode(call));
    node.uniqueId = `test.${this.name}.${name}.${testHash(call, owner)}`;
    node.alias = alias;
    const kwargs: Settings = {
      ...call.arguments,
      ...(call.columnName !== null && { column_name: call.columnName }),
      model: `{{ get_where_subquery(${relation}) }}`,
    };
    node.test = { metadata: { name: short, namespace: packageName ?? null, kwargs }, attachedNode: owner, columnName: call.columnName };
    const outer = projectConfig(this.project.settings.configTrees.tests, node.fqn);
    node.config = mergeConfig([...outer, call.config], { materialized: "test" }, file);
    const captured = await this.capture(node);
    node.config = mergeConfig([...outer, ...captured.config, call.config], { materialized: "test" }, file);
    this.add(node);
  }

  addUnitTests(): void {
    for (const { name, file, description, config, ...unitTest } of this.properties.unitTests) {
      const model = [...this.project.nodes.values(), ...this.project.disabled.values()].find(
        (node) => node.resourceType === "model" && node.name === unitTest.model,
      );
      if (!model) {
        const names = [...this.project.nodes.values()].filter((node) => node.resourceType === "model").map((node) => node.name);
        throw new ProjectError(
          `${file}: unit test ${name} is about the model "${unitTest.model}", which does not exist.${didYouMean(unitTest.model, names)}`,
        );
      }
      const node = this.emptyNode("unit_test", name, [...model.fqn.slice(0, -1), model.name, name], file, model.rawCode);
      node.uniqueId = `unit_test.${this.name}.${model.name}.${name}`;
      node.description = description;
      node.config = mergeConfig(
        [...projectConfig(this.project.settings.configTrees.unit_tests, node.fqn), config],
        { materialized: "unit" },
        file,
      );
      node.unitTest = unitTest;
      node.refs = [model.name];
      this.add(node);
    }
  }
}

const folders = (file: string): string[] => file.split("/").slice(1, -1);

function byName(patches: Patch[]): Map<string, Patch> {
  const map = new Map<string, Patch>();
  for (const patch of patches) {
    const other = map.get(patch.name);
    if (other) throw new ProjectError(`"${patch.name}" is described twice: in ${other.file} and in ${patch.file}`);
    map.set(patch.name, patch);
  }
  return map;
}
