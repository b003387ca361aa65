import type { DuckDBConnection } from "@duckdb/node-api";
import type { ColumnInput } from "./lineage.ts";
import { aggregateFunctions, openParser } from "./parse-tree.ts";
import { queryLineage } from "./query-lineage.ts";
import { tableRelation } from "./relation-columns.ts";

export interface QueryOrigins {
  /** For each column of a query over bare table names: the tables' columns it comes from. `node` is the table's name in lower case. */
  read(sql: string): Promise<Map<string, ColumnInput[]>>;
}

/** Reads the lineage of single queries, such as those a semantic layer plans. The connection only parses. */
export async function readQueryOrigins(connection: DuckDBConnection): Promise<QueryOrigins> {
  const aggregates = await aggregateFunctions(connection);
  return {
    read: async (sql) => {
      const parser = await openParser(connection);
      try {
        const parsed = await parser.parse(sql);
        if ("problem" in parsed) throw new Error(`${parsed.problem}: ${sql}`);
        const relation = queryLineage(parsed.query, {
          aggregates,
          table: (parts) => tableRelation((parts.at(-1) ?? "").toLowerCase(), undefined),
          call: () => null,
          cte: () => null,
        });
        return new Map(
          [...relation.columns.values()].map(({ name, origin }) => [
            name,
            [...origin.inputs.values()].map(({ relation: node, column, kind }) => ({
              node,
              column,
              kind: kind === "direct" ? "identity" : kind,
            })),
          ]),
        );
      } finally {
        parser.close();
      }
    },
  };
}
