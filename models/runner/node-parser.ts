import { createContext, describeNode, type ContextHost } from "./context.ts";
import { ProjectError } from "./errors.ts";
import { Dict, evaluateExpression, firstDefined, fromJs, parseTemplate, toText, type Value } from "./jinja/index.ts";
import type { MacroTable } from "./macros.ts";
import { Relation } from "./relation.ts";
import { renderNode } from "./render-node.ts";
import type { Node, Project, ResourceType, Settings } from "./resources.ts";

export interface Captured {
  refs: Set<string>;
  sources: Map<string, [string, string]>;
  config: Settings[];
}

/** Makes one node: renders its template with `execute` false to see what it refers to and how it configures itself. */
export class NodeParser {
  protected readonly project: Project;
  protected readonly macros: MacroTable;

  constructor(project: Project, macros: MacroTable) {
    this.project = project;
    this.macros = macros;
  }

  protected get name(): string {
    return this.project.settings.name;
  }

  protected emptyNode(resourceType: ResourceType, name: string, fqn: string[], file: string, rawCode: string): Node {
    return {
      uniqueId: `${resourceType}.${this.name}.${name}`,
      resourceType,
      name,
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
    };
  }

  protected add(node: Node): void {
    const other = this.project.nodes.get(node.uniqueId) ?? this.project.disabled.get(node.uniqueId);
    if (other) throw new ProjectError(`two ${node.resourceType}s are named "${node.name}": ${other.file} and ${node.file}`);
    (node.config.enabled ? this.project.nodes : this.project.disabled).set(node.uniqueId, node);
  }

  protected async capture(node: Node): Promise<Captured> {
    const captured: Captured = { refs: new Set(), sources: new Map(), config: [] };
    const { usedMacros } = await renderNode(node, this.parsingHost(node, captured));
    node.refs = [...captured.refs];
    node.sources = [...captured.sources.values()];
    node.dependsOnMacros = usedMacros;
    return captured;
  }

  private parsingHost(node: Node, captured: Captured): ContextHost {
    const { catalog, schema } = this.project.target;
    return {
      project: this.project,
      macros: this.macros,
      node,
      execute: false,
      fullRefresh: false,
      ref: (name) => {
        captured.refs.add(name);
        return new Relation({ database: catalog, schema, identifier: name });
      },
      source: (sourceName, tableName) => {
        captured.sources.set(`${sourceName}.${tableName}`, [sourceName, tableName]);
        return new Relation({ database: catalog, schema: sourceName, identifier: tableName });
      },
      configure: (settings) => captured.config.push(settings),
      connection: undefined,
      existing: () => undefined,
      log: () => undefined,
    };
  }

  /** Asks generate_database_name, generate_schema_name or generate_alias_name, which projects may override. */
  protected async relationPart(node: Node, part: "database" | "schema" | "alias"): Promise<string> {
    // dbt takes a snapshot's target_schema as it stands, past the macro.
    const exact = node.resourceType === "snapshot" ? node.config[`target_${part}`] : undefined;
    if (typeof exact === "string") return exact;
    const captured: Captured = { refs: new Set(), sources: new Map(), config: [] };
    const { globals } = createContext(this.parsingHost(node, captured));
    const custom = node.config[part];
    const macro = part === "alias" ? "generate_alias_name" : `generate_${part}_name`;
    const overrides = new Map<string, Value>([
      ["_custom", fromJs(custom ?? null)],
      ["_node", Dict.of(fromRecord(describeNode(node)))],
    ]);
    const lookup = (name: string): Value | undefined => firstDefined(overrides.get(name), globals.lookup(name));
    const value = await evaluateExpression(
      parseTemplate(`{{ ${macro}(_custom, _node) }}`, node.file),
      { lookup },
      { chainUndefined: true },
    );
    return toText(value).trim();
  }
}
const fromRecord = (record: Settings): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, fromJs(value)]));
