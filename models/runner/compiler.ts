import type { DuckDBConnection } from "@duckdb/node-api";
import type { Catalog } from "./catalog.ts";
import type { ContextHost } from "./context.ts";
import { ProjectError } from "./errors.ts";
import type { Value } from "./jinja/index.ts";
import { MacroTable } from "./macros.ts";
import { Relation } from "./relation.ts";
import { renderNode } from "./render-node.ts";
import type { Node, Project, Settings } from "./resources.ts";

export interface CompileOptions {
  fullRefresh: boolean;
  log(message: string, info: boolean): void;
}

/** What a unit test puts in place of the model's surroundings. */
export interface Substitution {
  relations: Map<string, Relation>;
  overrides: Map<string, Value>;
  vars: Settings;
}

/** Makes a node's SQL: its template rendered with `execute` true, ephemeral parents written in front as CTEs. */
export class Compiler {
  readonly project: Project;
  private readonly macros: MacroTable;
  private readonly catalog: Catalog;
  private readonly options: CompileOptions;
  private readonly byName = new Map<string, Node>();

  constructor(project: Project, catalog: Catalog, options: CompileOptions) {
    this.project = project;
    this.catalog = catalog;
    this.options = options;
    this.macros = new MacroTable(project.macros.values());
    for (const node of project.nodes.values())
      if (node.resourceType === "model" || node.resourceType === "seed" || node.resourceType === "snapshot")
        this.byName.set(node.name, node);
  }

  async compile(node: Node, connection: DuckDBConnection | undefined, substitution?: Substitution): Promise<string> {
    const ctes = new Set<Node>();
    const { sql } = await renderNode(node, this.host(node, connection, ctes, substitution));
    if (ctes.size === 0) return sql;
    const parts: { name: string; sql: string }[] = [];
    await this.collect(ctes, connection, parts);
    return prependCtes(sql, parts);
  }

  /** Renders a hook or an inline query with a node's context (or none). */
  async renderText(text: string, node: Node | null, connection: DuckDBConnection | undefined): Promise<string> {
    const inline = inlineNode(text, node, this.project);
    return this.compile(inline, connection);
  }

  private async collect(
    nodes: Iterable<Node>,
    connection: DuckDBConnection | undefined,
    parts: { name: string; sql: string }[],
  ): Promise<void> {
    for (const node of nodes) {
      if (parts.some((part) => part.name === cteName(node))) continue;
      const inner = new Set<Node>();
      const { sql } = await renderNode(node, this.host(node, connection, inner));
      await this.collect(inner, connection, parts);
      parts.push({ name: cteName(node), sql });
    }
  }

  relationOf(node: Node): Relation {
    const relation = new Relation({ database: node.database, schema: node.schema, identifier: node.alias });
    return new Relation({
      database: node.database,
      schema: node.schema,
      identifier: node.alias,
      type: this.catalog.typeOf(relation) ?? null,
    });
  }

  private host(node: Node, connection: DuckDBConnection | undefined, ctes: Set<Node>, substitution?: Substitution): ContextHost {
    const { project } = this;
    return {
      project: substitution
        ? { settings: project.settings, target: project.target, vars: { ...project.vars, ...substitution.vars } }
        : project,
      macros: this.macros,
      node,
      execute: true,
      fullRefresh: this.options.fullRefresh,
      ref: (name) => {
        const replaced = substitution?.relations.get(`ref:${name}`);
        if (replaced) return replaced;
        const found = this.byName.get(name);
        if (!found) throw new ProjectError(`ref('${name}'): there is no such model or seed`);
        // dbt: what the graph did not see while parsing can't be ordered.
        const declared =
          node.dependsOn.includes(found.uniqueId) || node.resourceType === "unit_test" || node.uniqueId.startsWith("inline.");
        if (!declared)
          throw new ProjectError(
            `ref('${name}') was not seen while parsing, since it stands in a branch that runs only now. Add the line: -- depends_on: {{ ref('${name}') }}`,
          );
        if (found.config.materialized !== "ephemeral") return this.relationOf(found);
        ctes.add(found);
        return new Relation({ database: found.database, schema: found.schema, identifier: found.alias, type: "cte", text: cteName(found) });
      },
      source: (sourceName, tableName) => {
        const replaced = substitution?.relations.get(`source:${sourceName}.${tableName}`);
        if (replaced) return replaced;
        const source = project.sources.get(`source.${project.settings.name}.${sourceName}.${tableName}`);
        if (!source) throw new ProjectError(`source('${sourceName}', '${tableName}'): no YAML file declares it`);
        return new Relation({ database: source.database, schema: source.schema, identifier: source.identifier, type: "table" });
      },
      configure: () => undefined,
      connection,
      existing: (relation) => this.catalog.typeOf(relation),
      log: this.options.log,
      ...(substitution && { overrides: substitution.overrides }),
    };
  }
}

function inlineNode(rawCode: string, node: Node | null, project: Project): Node {
  return {
    uniqueId: `inline.${node?.uniqueId ?? project.settings.name}`,
    resourceType: "model",
    name: node?.name ?? "inline",
    fqn: node?.fqn ?? [project.settings.name],
    file: node ? `${node.file} (hook)` : "inline",
    patchFile: null,
    rawCode,
    config: node?.config ?? { enabled: true, materialized: "view", tags: [], meta: {} },
    database: node?.database ?? project.target.catalog,
    schema: node?.schema ?? project.target.schema,
    alias: node?.alias ?? "inline",
    description: "",
    columns: node?.columns ?? [],
    dependsOn: [],
    dependsOnMacros: [],
    refs: [],
    sources: [],
  };
}

export const cteName = (node: Node): string => `__dbt__cte__${node.name}`;

/** Puts CTEs before a query that may begin with comments and a `with` of its own. */
export function prependCtes(sql: string, ctes: readonly { name: string; sql: string }[]): string {
  if (ctes.length === 0) return sql;
  const written = ctes.map((cte) => `${cte.name} as (\n${cte.sql}\n)`).join(", ");
  const lead = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/.exec(sql)?.[0] ?? "";
  const rest = sql.slice(lead.length);
  const own = /^with(\s+recursive)?\s/i.exec(rest);
  if (!own) return `${lead}with ${written}\n${rest}`;
  return `${lead}with${own[1] ? " recursive" : ""} ${written}, ${rest.slice(own[0].length)}`;
}
