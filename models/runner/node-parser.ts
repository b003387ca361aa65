import { createContext, type ContextHost } from "./context.ts";
import { describeNode } from "./describe-node.ts";
import { ProjectError } from "./errors.ts";
import { evaluateExpression, fromJs, parseTemplate, toJs, toText, type Globals } from "./jinja/index.ts";
import type { MacroTable } from "./macros.ts";
import { referenceText } from "./references.ts";
import { Relation } from "./relation.ts";
import { renderNode } from "./render-node.ts";
import type { Column, Node, Project, ProjectSettings, Reference, ResourceType, Settings } from "./resources.ts";
import { isSettings } from "./yaml.ts";

export interface Captured {
  refs: Map<string, Reference>;
  sources: Map<string, [string, string]>;
  config: Settings[];
}

/** Makes one node of a package: renders its template with `execute` false to see what it refers to and how it configures itself. */
export class NodeParser {
  protected readonly project: Project;
  /** The package whose files are read: the project itself or one below dbt_packages/. */
  protected readonly owner: ProjectSettings;
  protected readonly macros: MacroTable;
  private readonly globals: Globals;

  constructor(project: Project, owner: ProjectSettings, macros: MacroTable) {
    this.project = project;
    this.owner = owner;
    this.macros = macros;
    this.globals = createContext(this.parsingHost(null, { refs: new Map(), sources: new Map(), config: [] })).globals;
  }

  protected get name(): string {
    return this.owner.name;
  }

  protected emptyNode(resourceType: ResourceType, name: string, fqn: string[], file: string, rawCode: string): Node {
    return {
      uniqueId: `${resourceType}.${this.name}.${name}`,
      resourceType,
      name,
      packageName: this.name,
      fqn,
      file,
      patchFile: null,
      rawCode,
      config: { enabled: true, materialized: "", tags: [], meta: {} },
      database: this.project.target.catalog,
      schema: this.project.target.schema,
      alias: name,
      description: "",
      columns: [],
      dependsOn: [],
      dependsOnMacros: [],
      refs: [],
      sources: [],
      version: null,
      latestVersion: null,
      constraints: [],
    };
  }

  protected add(node: Node): void {
    const other = this.project.nodes.get(node.uniqueId);
    if (other && node.config.enabled)
      throw new ProjectError(`two ${node.resourceType}s are named "${node.name}": ${other.file} and ${node.file}`);
    (node.config.enabled ? this.project.nodes : this.project.disabled).set(node.uniqueId, node);
  }

  protected async capture(node: Node): Promise<Captured> {
    const captured: Captured = { refs: new Map(), sources: new Map(), config: [] };
    const { usedMacros } = await renderNode(node, this.parsingHost(node, captured));
    node.refs = [...captured.refs.values()];
    node.sources = [...captured.sources.values()];
    node.dependsOnMacros = usedMacros;
    return captured;
  }

  private parsingHost(node: Node | null, captured: Captured): ContextHost {
    const { catalog, schema } = this.project.target;
    return {
      project: this.project,
      macros: this.macros,
      node,
      packageName: this.owner.name,
      execute: false,
      fullRefresh: false,
      ref: (reference) => {
        captured.refs.set(referenceText(reference), reference);
        return new Relation({ database: catalog, schema, identifier: reference.name });
      },
      source: (sourceName, tableName) => {
        captured.sources.set(`${sourceName}.${tableName}`, [sourceName, tableName]);
        return new Relation({ database: catalog, schema: sourceName, identifier: tableName });
      },
      configure: (settings) => captured.config.push(settings),
      connection: undefined,
      existing: () => undefined,
      forget: () => undefined,
      log: () => undefined,
    };
  }

  /** Asks generate_database_name, generate_schema_name or generate_alias_name, which the project (not a package) may override. */
  protected async relationPart(node: Node, part: "database" | "schema" | "alias"): Promise<string> {
    // dbt takes a snapshot's target_schema as it stands, past the macro.
    const exact = node.resourceType === "snapshot" ? node.config[`target_${part}`] : undefined;
    if (typeof exact === "string") return exact;
    const custom = node.config[part] ?? null;
    const name = `generate_${part}_name`;
    const macro = this.macros.find(name, this.project.settings.name);
    if (!macro) throw new Error(`dbt's own macro ${name} is missing`);
    const standard = macro.packageName === "dbt" ? this.standardPart(node, part, custom) : null;
    if (standard !== null) return standard;
    const lookup = this.globals.lookup(name);
    if (typeof lookup !== "function") throw new Error(`${name} is not callable`);
    return toText(await lookup([fromJs(custom), fromJs(describeNode(node))], new Map())).trim();
  }

  /** What dbt's own macros answer, without running them: they are asked three times for every node. */
  private standardPart(node: Node, part: "database" | "schema" | "alias", custom: unknown): string | null {
    const { catalog, schema } = this.project.target;
    if (custom !== null && typeof custom !== "string") return null;
    const own = custom?.trim();
    if (part === "database") return own ?? catalog;
    if (part === "schema") return own === undefined ? schema : `${schema}_${own}`;
    return own || (node.version === null ? node.name : `${node.name}_v${node.version.replaceAll(".", "_")}`);
  }

  /** Descriptions may be templates: `{{ doc('orders') }}`. */
  protected async describe(text: string, file: string): Promise<string> {
    if (!text.includes("{{")) return text;
    return toText(await evaluateExpression(parseTemplate(text, file), this.globals, { chainUndefined: true })).trim();
  }

  protected async describeColumns(columns: readonly Column[], file: string): Promise<Column[]> {
    return Promise.all(columns.map(async (column) => ({ ...column, description: await this.describe(column.description, file) })));
  }

  /** Configuration written as templates inside a test, which the properties file keeps as written. */
  protected async renderConfig(config: Settings, file: string): Promise<Settings> {
    const render = async (value: unknown): Promise<unknown> => {
      if (typeof value === "string" && value.includes("{{"))
        return toJs(await evaluateExpression(parseTemplate(value, file), this.globals, { chainUndefined: true }));
      if (Array.isArray(value)) return Promise.all(value.map(render));
      return isSettings(value) ? this.renderConfig(value, file) : value;
    };
    const rendered: Settings = {};
    for (const [key, value] of Object.entries(config)) rendered[key] = await render(value);
    return rendered;
  }
}
