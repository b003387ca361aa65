import type { DuckDBConnection } from "@duckdb/node-api";
import type { Project, Settings } from "./resources.ts";
import { literal } from "./statements.ts";

/** What stands in the database for the project's nodes and sources: the `nodes` and `sources` of dbt's catalog.json. */
export async function readCatalogTables(project: Project, connection: DuckDBConnection): Promise<{ nodes: Settings; sources: Settings }> {
  const nodes = [...project.nodes.values()].filter((node) => ["model", "seed", "snapshot"].includes(node.resourceType));
  const sources = [...project.sources.values()];
  const databases = [...new Set([...nodes, ...sources].map(({ database }) => database))];
  const found = await readTables(databases, connection);
  const pick = (entries: readonly (readonly [string, string])[]): Settings =>
    Object.fromEntries(
      entries.flatMap(([id, key]) => {
        const table = found.get(key);
        return table ? [[id, { ...table, unique_id: id }] as const] : [];
      }),
    );
  return {
    nodes: pick(nodes.map((node) => [node.uniqueId, keyOf(node.database, node.schema, node.alias)])),
    sources: pick(sources.map((source) => [source.uniqueId, keyOf(source.database, source.schema, source.identifier)])),
  };
}

/** DuckDB's names ignore case. */
const keyOf = (...parts: string[]): string => parts.join("\u0000").toLowerCase();

interface CatalogTable extends Settings {
  columns: Record<string, { type: string; index: number; name: string; comment: string | null }>;
}

async function readTables(databases: readonly string[], connection: DuckDBConnection): Promise<Map<string, CatalogTable>> {
  const tables = new Map<string, CatalogTable>();
  if (databases.length === 0) return tables;
  const wanted = `not internal and database_name in (${databases.map(literal).join(", ")})`;
  const relations = await connection.run(`
    select database_name, schema_name, table_name, 'BASE TABLE', comment, estimated_size from duckdb_tables() where ${wanted}
    union all select database_name, schema_name, view_name, 'VIEW', comment, null from duckdb_views() where ${wanted}`);
  for (const [database, schema, name, type, comment, rows] of await relations.getRowsJS()) {
    tables.set(keyOf(String(database), String(schema), String(name)), {
      metadata: { type, schema, name, database, comment, owner: null },
      columns: {},
      stats: rowStats(rows === null ? null : Number(rows)),
    });
  }
  const columns = await connection.run(
    `select database_name, schema_name, table_name, column_name, data_type, column_index, comment from duckdb_columns() where ${wanted} order by column_index`,
  );
  for (const [database, schema, table, name, type, index, comment] of await columns.getRowsJS()) {
    const owner = tables.get(keyOf(String(database), String(schema), String(table)));
    if (!owner) continue;
    owner.columns[String(name)] = {
      type: String(type),
      index: Number(index),
      name: String(name),
      comment: comment === null || comment === undefined ? null : String(comment),
    };
  }
  return tables;
}

function rowStats(rows: number | null): Settings {
  const has = { id: "has_stats", label: "Has Stats?", value: rows !== null, include: false, description: null };
  if (rows === null) return { has_stats: has };
  return {
    num_rows: { id: "num_rows", label: "Rows", value: rows, include: true, description: "Number of rows when the catalog was read" },
    has_stats: has,
  };
}
