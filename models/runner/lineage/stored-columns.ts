import type { DuckDBConnection } from "@duckdb/node-api";
import type { Project } from "../resources.ts";
import { literal } from "../statements.ts";

/** The columns of every node and source that stands in the database, in order, by unique id. */
export async function readStoredColumns(project: Project, connection: DuckDBConnection): Promise<Map<string, string[]>> {
  const resources = [
    ...[...project.nodes.values()].filter((node) => node.config.materialized !== "ephemeral"),
    ...project.sources.values(),
  ];
  const columns = new Map<string, string[]>();
  const databases = [...new Set(resources.map(({ database }) => literal(database)))];
  if (databases.length === 0) return columns;
  const result = await connection.runAndReadAll(
    `select lower(database_name), lower(schema_name), lower(table_name), list(column_name order by column_index) from duckdb_columns() where database_name in (${databases.join(", ")}) group by all`,
  );
  const found = new Map(
    result.getRowsJson().map(([database, schema, table, names]) => [tableKey(String(database), String(schema), String(table)), names]),
  );
  for (const resource of resources) {
    const table = "identifier" in resource ? resource.identifier : resource.alias;
    const names = found.get(tableKey(resource.database, resource.schema, table));
    if (Array.isArray(names)) columns.set(resource.uniqueId, names.map(String));
  }
  return columns;
}

const tableKey = (...parts: string[]): string => parts.join("\u0000").toLowerCase();
