import type { DuckDBConnection } from "@duckdb/node-api";
import type { Project } from "../resources.ts";
import { literal } from "../statements.ts";

export interface StoredColumn {
  name: string;
  /** As DuckDB prints it: `DECIMAL(18,2)`. */
  type: string;
}

/** The columns of every node and source that stands in the database, in order, by unique id. */
export async function readStoredColumns(project: Project, connection: DuckDBConnection): Promise<Map<string, StoredColumn[]>> {
  const resources = [
    ...[...project.nodes.values()].filter((node) => node.config.materialized !== "ephemeral"),
    ...project.sources.values(),
  ];
  const columns = new Map<string, StoredColumn[]>();
  const databases = [...new Set(resources.map(({ database }) => literal(database)))];
  if (databases.length === 0) return columns;
  const result = await connection.runAndReadAll(
    `select database_name, schema_name, table_name, column_name, data_type from duckdb_columns() where database_name in (${databases.join(", ")}) order by column_index`,
  );
  const found = new Map<string, StoredColumn[]>();
  for (const [database, schema, table, name, type] of result.getRowsJS()) {
    const key = tableKey(String(database), String(schema), String(table));
    const column = { name: String(name), type: String(type) };
    const known = found.get(key);
    if (known) known.push(column);
    else found.set(key, [column]);
  }
  for (const resource of resources) {
    const table = "identifier" in resource ? resource.identifier : resource.alias;
    const stored = found.get(tableKey(resource.database, resource.schema, table));
    if (stored) columns.set(resource.uniqueId, stored);
  }
  return columns;
}

/** Names only, as tracing takes them. */
export const namesOf = (columns: ReadonlyMap<string, readonly StoredColumn[]>): Map<string, string[]> =>
  new Map([...columns].map(([id, stored]) => [id, stored.map(({ name }) => name)]));

const tableKey = (...parts: string[]): string => parts.join("\u0000").toLowerCase();
