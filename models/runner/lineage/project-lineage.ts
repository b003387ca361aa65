import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { cteName, sourceRelation } from "../compiler.ts";
import type { Node, Project } from "../resources.ts";
import { strongest, type ColumnInput, type ColumnLineage, type LineageKind, type NodeLineage, type ProjectLineage } from "./lineage.ts";
import type { Origin } from "./origin.ts";
import { aggregateFunctions, openParser, treeOf, type Parser, type Tree } from "./parse-tree.ts";
import { queryLineage, type QueryContext } from "./query-lineage.ts";
import { emptyRelation, tableRelation, type Relation } from "./relation-columns.ts";

export interface LineageRequest {
  project: Project;
  /** SQL by unique id: the nodes to trace. */
  compiled: ReadonlyMap<string, string>;
  /** Columns of what stands in the database, in order, by unique id. */
  columns: ReadonlyMap<string, readonly string[]>;
  /** Parses; runs nothing of the project. */
  connection: DuckDBConnection;
  /** What an earlier call gave. */
  kept?: KeptLineage;
}

/** A node's lineage with a hash of all that it follows from. */
export interface TracedNode {
  key: string;
  lineage: NodeLineage;
}

export type KeptLineage = ReadonlyMap<string, TracedNode>;

/** The columns that a snapshot adds to its query's. */
const snapshotColumns = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"];

/** For every model and snapshot with SQL: where each of its columns comes from. */
export async function readLineage(request: LineageRequest): Promise<KeptLineage> {
  const { project, compiled, columns, kept } = request;
  const names = new ProjectNames(project);
  const relations = new Map<string, Relation>();
  const made = new Map<string, TracedNode>();
  const upstreamOf = (id: string): Relation => {
    const described = project.sources.get(id)?.columns ?? project.nodes.get(id)?.columns ?? [];
    return tableRelation(
      id,
      columns.get(id),
      described.map(({ name }) => name),
    );
  };
  const relationOf = (id: string): Relation => relations.get(id) ?? upstreamOf(id);
  let tools: { parser: Parser; aggregates: ReadonlySet<string> } | undefined;
  try {
    for (const node of parentsFirst(project)) {
      const sql = compiled.get(node.uniqueId);
      if (sql === undefined) continue;
      const id = node.uniqueId;
      const key = keyOf([sql, columns.get(id), ...node.dependsOn.map((parent) => [parent, shapeOf(relationOf(parent))])]);
      const earlier = kept?.get(id);
      if (earlier?.key === key) made.set(id, earlier);
      else {
        tools ??= await openTools(request, names);
        const parsed = await tools.parser.parse(sql);
        const context: QueryContext = {
          ...names.contextOf(node, (other) => (compiled.has(other) ? relationOf(other) : null), relationOf),
          aggregates: tools.aggregates,
        };
        const lineage =
          "problem" in parsed
            ? { columns: [], rows: [], problem: parsed.problem }
            : trace(node, queryLineage(parsed.query, context), columns.get(id));
        made.set(id, { key, lineage });
      }
      const own = made.get(id)?.lineage;
      // A model of which not everything is known is read like a source.
      if (own && own.problem === undefined)
        relations.set(
          id,
          tableRelation(
            id,
            own.columns.map(({ name }) => name),
          ),
        );
    }
  } finally {
    tools?.parser.close();
  }
  return made;
}

export const lineageOf = (kept: KeptLineage): ProjectLineage => new Map([...kept].map(([id, { lineage }]) => [id, lineage]));

/** What a reader's lineage depends on. */
const shapeOf = ({ columns, open }: Relation): unknown => [[...columns.values()].map(({ name }) => name), open.length];

const keyOf = (parts: readonly unknown[]): string => createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);

async function openTools(
  { connection }: LineageRequest,
  names: ProjectNames,
): Promise<{ parser: Parser; aggregates: ReadonlySet<string> }> {
  const parser = await openParser(connection);
  await names.readFiles(parser);
  return { parser, aggregates: await aggregateFunctions(connection) };
}

/** Models and snapshots, each after those it reads. */
function parentsFirst(project: Project): Node[] {
  const ordered = new Set<Node>();
  const visit = (node: Node | undefined): void => {
    if (!node || ordered.has(node) || (node.resourceType !== "model" && node.resourceType !== "snapshot")) return;
    for (const parent of node.dependsOn) visit(project.nodes.get(parent));
    ordered.add(node);
  };
  for (const node of project.nodes.values()) visit(node);
  return [...ordered];
}

function trace(node: Node, relation: Relation, stored: readonly string[] | undefined): NodeLineage {
  const made = [...relation.columns.values()].map(({ name, origin }) => columnLineage(name, origin));
  const rows = [...relation.rows];
  const added = (node.resourceType === "snapshot" ? snapshotColumns : []).map((name): ColumnLineage => ({
    name,
    kind: "constant",
    inputs: [],
  }));
  const [open] = relation.open;
  if (!open) return { columns: [...made, ...added], rows };
  if (!stored) {
    const whose = relation.open.map(({ label }) => label).join(", ");
    return {
      columns: [...made, ...added],
      rows,
      problem: `selects * from ${whose}, whose columns aren't known: build it, or list the columns`,
    };
  }
  // What `*` took from tables that nobody describes is seen in what was built.
  const named = new Set([...made, ...added].map(({ name }) => name.toLowerCase()));
  const taken = stored
    .filter((name) => !named.has(name.toLowerCase()))
    .map((name) => columnLineage(name, open.origin(name) ?? { inputs: new Map() }));
  return { columns: [...made, ...taken, ...added], rows };
}

function columnLineage(name: string, origin: Origin): ColumnLineage {
  const inputs = [...origin.inputs.values()].map(({ relation, column, kind }): ColumnInput => {
    const same: LineageKind = column.toLowerCase() === name.toLowerCase() ? "identity" : "renamed";
    return { node: relation, column, kind: kind === "direct" ? same : kind };
  });
  if (origin.problem !== undefined) return { name, kind: "unresolved", inputs, problem: origin.problem };
  return { name, kind: strongest(inputs.map(({ kind }) => kind)), inputs };
}

/** What the names in compiled SQL mean: which node or source a table, a file or an ephemeral model's CTE is. */
class ProjectNames {
  private readonly project: Project;
  private readonly tables = new Map<string, string>();
  private readonly ephemeral = new Map<string, string>();
  /** Sources that are files, by how a query calls them. */
  private readonly files = new Map<string, string>();

  constructor(project: Project) {
    this.project = project;
    for (const source of project.sources.values())
      this.tables.set(tableKey([source.database, source.schema, source.identifier]), source.uniqueId);
    for (const node of project.nodes.values()) {
      if (node.resourceType === "test" || node.resourceType === "unit_test") continue;
      if (node.config.materialized === "ephemeral") this.ephemeral.set(cteName(node).toLowerCase(), node.uniqueId);
      else this.tables.set(tableKey([node.database, node.schema, node.alias]), node.uniqueId);
    }
  }

  async readFiles(parser: Parser): Promise<void> {
    for (const source of this.project.sources.values()) {
      const relation = sourceRelation(source);
      if (relation.type !== "external") continue;
      const parsed = await parser.parse(`select * from ${relation.toText()}`);
      const from = "query" in parsed ? treeOf(parsed.query, "from_table") : undefined;
      const call = from && treeOf(from, "function");
      if (call) this.files.set(callKey(call), source.uniqueId);
      else if (from) this.tables.set(tableKey([String(from.table_name)]), source.uniqueId);
    }
  }

  contextOf(node: Node, traced: (id: string) => Relation | null, relationOf: (id: string) => Relation): Omit<QueryContext, "aggregates"> {
    return {
      table: (parts) => {
        const id = this.tables.get(tableKey(parts));
        if (id === undefined) return null;
        return id === node.uniqueId ? ownRows : relationOf(id);
      },
      call: (call) => {
        const id = this.files.get(callKey(call));
        return id === undefined ? null : relationOf(id);
      },
      cte: (name) => {
        const id = this.ephemeral.get(name.toLowerCase());
        return id === undefined || id === node.uniqueId ? null : traced(id);
      },
    };
  }
}

const tableKey = (parts: readonly string[]): string => parts.join("\u0000").toLowerCase();

/** The call without its place in the text. */
const callKey = (call: Tree): string => JSON.stringify(call, (key, value: unknown) => (key === "query_location" ? undefined : value));

/** An incremental model that reads its own earlier rows. */
const ownRows: Relation = { ...emptyRelation, open: [{ label: "itself", origin: () => ({ inputs: new Map() }) }] };
