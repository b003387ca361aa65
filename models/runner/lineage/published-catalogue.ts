import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { Catalog } from "../catalog.ts";
import { Compiler } from "../compiler.ts";
import { runnerVersion } from "../project-cache.ts";
import type { Node, Project, Source } from "../resources.ts";
import { literal } from "../statements.ts";
import type { ColumnLineage, NodeLineage } from "./lineage.ts";
import { lineageOf, readLineage } from "./project-lineage.ts";
import { namesOf, readStoredColumns, type StoredColumn } from "./stored-columns.ts";

/** What a snapshot says of a model, seed, snapshot or source: nothing here is a value of a record. */
export interface CatalogueNode {
  /** `model.kehu.fct_orders` */
  id: string;
  type: "model" | "seed" | "snapshot" | "source";
  /** Schema in the warehouse, or the schema a source is mirrored in. */
  schema: string;
  /** `fct_orders`; of a source `crm.orders`. */
  name: string;
  description: string;
  /** Unique ids. */
  parents: string[];
  /** Nodes whose rows decide how many rows there are. */
  rows: string[];
  columns: CatalogueColumn[];
  tests: CatalogueTest[];
}

export interface CatalogueColumn extends ColumnLineage {
  /** Null of what is not stored. */
  type: string | null;
  description: string;
}

export interface CatalogueTest {
  /** As in `meta.tests`, which has the last result. */
  name: string;
  /** `not_null`; of a singular test its name. */
  kind: string;
  column: string | null;
}

/**
 * Writes `warehouse.meta.catalogue` (position, id, node JSON, fingerprint) when the project or the runner is another than the one that wrote it:
 * what models there are, their columns and where these come from. `project.vars` must hold what compiling needs.
 */
export async function publishCatalogue(connection: DuckDBConnection, project: Project, projectFingerprint: string): Promise<void> {
  const fingerprint = createHash("sha256")
    .update(`${projectFingerprint}\n${await runnerVersion()}`)
    .digest("hex");
  await connection.run(
    "create schema if not exists warehouse.meta; create table if not exists warehouse.meta.catalogue (position integer, id varchar, node json, fingerprint varchar)",
  );
  const written = await connection.runAndReadAll(
    `select 1 from warehouse.meta.catalogue where fingerprint = ${literal(fingerprint)} limit 1`,
  );
  if (written.currentRowCount > 0) return;
  const nodes = await readCatalogue(connection, project);
  const rows = nodes.map((node, index) => `(${index}, ${literal(node.id)}, ${literal(JSON.stringify(node))}, ${literal(fingerprint)})`);
  await connection.run("begin");
  try {
    await connection.run("delete from warehouse.meta.catalogue");
    if (rows.length > 0) await connection.run(`insert into warehouse.meta.catalogue values ${rows.join(",\n")}`);
    await connection.run("commit");
  } catch (error) {
    await connection.run("rollback").catch(() => undefined);
    throw error;
  }
}

async function readCatalogue(connection: DuckDBConnection, project: Project): Promise<CatalogueNode[]> {
  const nodes = [...project.nodes.values()].filter(isCatalogued);
  const compiler = new Compiler(project, await Catalog.read(connection), {
    fullRefresh: false,
    command: "compile",
    selected: nodes.map((node) => node.uniqueId),
    log: () => undefined,
  });
  const compiled = new Map<string, string>();
  for (const node of nodes) if (node.resourceType !== "seed") compiled.set(node.uniqueId, await compiler.compile(node, connection));
  const stored = await readStoredColumns(project, connection);
  const lineage = lineageOf(await readLineage({ project, compiled, columns: namesOf(stored), connection }));
  const read = new Set(nodes.flatMap((node) => node.dependsOn));
  return [
    ...[...project.sources.values()]
      .filter((source) => read.has(source.uniqueId))
      .map((source) => ({
        ...about(source, stored.get(source.uniqueId), undefined),
        type: "source" as const,
        name: `${source.sourceName}.${source.name}`,
        parents: [],
        tests: testsOf(source.uniqueId, project),
      })),
    ...nodes.map((node) => ({
      ...about(node, stored.get(node.uniqueId), lineage.get(node.uniqueId)),
      type: node.resourceType,
      name: node.name,
      parents: node.dependsOn,
      tests: testsOf(node.uniqueId, project),
    })),
  ];
}

type Catalogued = Node & { resourceType: "model" | "seed" | "snapshot" };

const isCatalogued = (node: Node): node is Catalogued =>
  node.resourceType === "model" || node.resourceType === "seed" || node.resourceType === "snapshot";

function about(
  resource: Node | Source,
  stored: readonly StoredColumn[] | undefined,
  lineage: NodeLineage | undefined,
): Pick<CatalogueNode, "id" | "schema" | "description" | "rows" | "columns"> {
  const traced = new Map(lineage?.columns.map((column) => [column.name, column]));
  const types = new Map(stored?.map(({ name, type }) => [name, type]));
  const described = new Map(resource.columns.map(({ name, description }) => [name, description]));
  const names = new Set([...types.keys(), ...traced.keys(), ...(stored ? [] : described.keys())]);
  return {
    id: resource.uniqueId,
    schema: resource.schema,
    description: resource.description,
    rows: lineage?.rows ?? [],
    columns: [...names].map((name) => ({
      ...(traced.get(name) ?? { name, kind: "constant", inputs: [] }),
      type: types.get(name) ?? null,
      description: described.get(name) ?? "",
    })),
  };
}

const testsOf = (id: string, project: Project): CatalogueTest[] =>
  [...project.nodes.values()]
    .filter(({ resourceType, test, dependsOn }) => resourceType === "test" && (test?.attachedNode ?? dependsOn[0]) === id)
    .map(({ name, test }) => ({ name, kind: test?.metadata?.name ?? name, column: test?.columnName ?? null }));
