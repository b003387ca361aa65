import type { DuckDBConnection } from "@duckdb/node-api";
import type { Catalog } from "./catalog.ts";
import type { ContextHost } from "./context.ts";
import { ProjectError } from "./errors.ts";
import type { Value } from "./jinja/index.ts";
import { MacroTable } from "./macros.ts";
import { References, referenceText } from "./references.ts";
import { Relation, spanCondition } from "./relation.ts";
import { renderNode } from "./render-node.ts";
import type { Batch } from "./microbatch.ts";
import type { Node, NodeConfig, Project, Settings, Source } from "./resources.ts";

export interface CompileOptions {
  fullRefresh: boolean;
  /** The command, as `flags.WHICH` tells templates, and the rest of the call for `flags` and `invocation_args_dict`. */
  command: string;
  callArguments?: Settings;
  /** Unique ids of what the command selected. */
  selected: readonly string[];
  /** `--defer`: the relations of an earlier run, by unique id, for what is neither selected nor built. */
  deferred?: ReadonlyMap<string, Relation>;
  /** `--favor-state`: those relations, also where this target has its own. */
  favorState?: boolean;
  /** `--empty`: what models read has its columns and no rows. */
  empty?: boolean;
  log(message: string, info: boolean): void;
}

/** What a unit test puts in place of the model's surroundings. */
export interface Substitution {
  /** By the unique id of what is replaced. */
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
  private readonly references: References;

  constructor(project: Project, catalog: Catalog, options: CompileOptions) {
    this.project = project;
    this.catalog = catalog;
    this.options = options;
    this.macros = new MacroTable(project.macros.values(), { root: project.settings.name, dispatch: project.settings.dispatch });
    this.references = new References(project);
  }

  /** `batch`: the span of time that the model's inputs are cut down to, where they name their event time. */
  async compile(node: Node, connection: DuckDBConnection | undefined, substitution?: Substitution, batch?: Batch): Promise<string> {
    const ctes = new Set<Node>();
    const { sql } = await renderNode(node, this.host(node, connection, ctes, substitution, batch));
    if (ctes.size === 0) return sql;
    const parts: { name: string; sql: string }[] = [];
    await this.collect(ctes, connection, parts);
    return prependCtes(sql, parts);
  }

  /** What a `ref` or `source` written in YAML means for a node. */
  get names(): References {
    return this.references;
  }

  /** Renders a hook or an inline query with a node's context (or none). */
  async renderText(
    text: string,
    node: Node | null,
    connection: DuckDBConnection | undefined,
    overrides?: Map<string, Value>,
  ): Promise<string> {
    const inline = inlineNode(text, node, this.project);
    return this.compile(inline, connection, overrides && { relations: new Map(), overrides, vars: {} });
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

  /** Where a model reads another: its relation here, or the earlier run's. */
  private relationRead(node: Node): Relation {
    const relation = this.relationOf(node);
    if (this.options.selected.includes(node.uniqueId) || (relation.type !== null && !this.options.favorState)) return relation;
    return this.options.deferred?.get(node.uniqueId) ?? relation;
  }

  private host(
    node: Node,
    connection: DuckDBConnection | undefined,
    ctes: Set<Node>,
    substitution?: Substitution,
    batch?: Batch,
  ): ContextHost {
    const { project } = this;
    const rowsRead = (relation: Relation, config: NodeConfig): Relation => {
      if (this.options.empty) return relation.where("false");
      return batch && typeof config.event_time === "string" ? relation.where(spanCondition(config.event_time, batch)) : relation;
    };
    return {
      project: substitution ? { ...project, vars: { ...project.vars, ...substitution.vars } } : project,
      macros: this.macros,
      node,
      execute: true,
      // The batches after the first add to the table that it made.
      fullRefresh: this.options.fullRefresh && (batch?.isFirst ?? true),
      ...(batch && { batch }),
      command: this.options.command,
      selected: this.options.selected,
      ...(this.options.callArguments && { callArguments: this.options.callArguments }),
      ref: (reference) => {
        const found = this.references.node(reference, node.packageName);
        if (!found) throw new ProjectError(`${referenceText(reference)}, ${this.references.explain(reference)}`);
        const replaced = substitution?.relations.get(found.uniqueId);
        if (replaced) return replaced;
        // dbt: what the graph did not see while parsing can't be ordered.
        const declared =
          node.dependsOn.includes(found.uniqueId) || node.resourceType === "unit_test" || node.uniqueId.startsWith("inline.");
        if (!declared)
          throw new ProjectError(
            `${referenceText(reference)} was not seen while parsing, since it stands in a branch that runs only now. Add the line: -- depends_on: {{ ${referenceText(reference)} }}`,
          );
        if (found.config.materialized !== "ephemeral") return rowsRead(this.relationRead(found), found.config);
        ctes.add(found);
        return new Relation({
          database: found.database,
          schema: found.schema,
          identifier: cteName(found),
          type: "cte",
          text: cteName(found),
        });
      },
      source: (sourceName, tableName) => {
        const source = this.references.source(sourceName, tableName, node.packageName);
        if (!source)
          throw new ProjectError(`source('${sourceName}', '${tableName}'), ${this.references.explainSource(sourceName, tableName)}`);
        return substitution?.relations.get(source.uniqueId) ?? rowsRead(sourceRelation(source), source.config);
      },
      configure: () => undefined,
      connection,
      existing: (relation) => this.catalog.typeOf(relation),
      forget: (relation) => this.catalog.remove(relation),
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
    packageName: node?.packageName ?? project.settings.name,
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
    version: null,
    latestVersion: null,
    constraints: [],
  };
}

/** A source's table; `external_location` in its meta names files instead, as dbt's DuckDB adapter reads it. */
export function sourceRelation({ database, schema, identifier, name, config }: Source): Relation {
  const location = config.external_location ?? config.meta.external_location;
  if (typeof location !== "string") return new Relation({ database, schema, identifier, type: "table" });
  const place = location.replaceAll("{name}", name).replaceAll("{identifier}", identifier).replaceAll("{schema}", schema);
  const text = place.includes("(") ? place : `'${place.replaceAll("'", "''")}'`;
  return new Relation({ database: null, schema: null, identifier, type: "external", text });
}

export const cteName = (node: Node): string => `__dbt__cte__${node.alias}`;

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
