import type { DuckDBConnection } from "@duckdb/node-api";
import type { Relation } from "./relation.ts";

/** What exists in the target database, read once per run and kept up to date by the runner. */
export class Catalog {
  private readonly types = new Map<string, string>();
  private readonly sizes = new Map<string, number>();
  private readonly schemas = new Set<string>();

  static async read(connection: DuckDBConnection): Promise<Catalog> {
    const catalog = new Catalog();
    const result = await connection.run(`
      select database_name, schema_name, table_name, 'table' as kind, estimated_size from duckdb_tables() where not internal
      union all select database_name, schema_name, view_name, 'view', null from duckdb_views() where not internal
      union all select database_name, schema_name, null, 'schema', null from duckdb_schemas()`);
    for (const [database, schema, name, kind, size] of await result.getRowsJS()) {
      if (kind === "schema") catalog.schemas.add(key(String(database), String(schema)));
      else {
        const place = key(String(database), String(schema), String(name));
        catalog.types.set(place, String(kind));
        if (kind === "table") catalog.sizes.set(place, Number(size));
      }
    }
    return catalog;
  }

  typeOf(relation: Relation): string | undefined {
    return this.types.get(key(relation.database ?? "", relation.schema ?? "", relation.identifier));
  }

  /** About how many rows a table had when the run began; 0 for one that was not there. */
  sizeOf(relation: Relation): number {
    return this.sizes.get(key(relation.database ?? "", relation.schema ?? "", relation.identifier)) ?? 0;
  }

  put(relation: Relation, type: "table" | "view"): void {
    this.types.set(key(relation.database ?? "", relation.schema ?? "", relation.identifier), type);
  }

  remove(relation: Relation): void {
    this.types.delete(key(relation.database ?? "", relation.schema ?? "", relation.identifier));
  }

  hasSchema(database: string, schema: string): boolean {
    return this.schemas.has(key(database, schema));
  }

  addSchema(database: string, schema: string): void {
    this.schemas.add(key(database, schema));
  }
}

/** DuckDB's names ignore case. */
const key = (...parts: string[]): string => parts.join("\u0000").toLowerCase();
