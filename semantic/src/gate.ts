/** Which relations a SQL text reads, by DuckDB's own parser. Closed: what is not a plain name or a known function is refused. */
import { DuckDBInstance } from "@duckdb/node-api";
import { QueryError } from "./errors.ts";
import { SizedCache } from "./sized-cache.ts";

/** Table functions that read nothing but their arguments. */
const harmless = new Set(["range", "generate_series", "unnest"]);

export interface Gate {
  /**
   * The bare names of the relations that `sql` reads, sorted; names of its CTEs left out.
   * Throws 403 for a qualified name (only bare ones go through the caller's views) and for a table function that could read anything.
   */
  relations: (sql: string) => Promise<string[]>;
  /** Waits for what is being parsed; `relations` fails from then on. */
  close: () => Promise<void>;
  closed: () => boolean;
}

export const createGate = async (): Promise<Gate> => {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const parsed = new SizedCache<string[]>(4 * 1024 * 1024);
  const parsing = new Set<Promise<unknown>>();
  let closed = false;
  const serialize = async (sql: string): Promise<string> => {
    if (closed) throw new Error("The gate is closed");
    const running = connection.runAndReadAll("select json_serialize_sql($1::varchar)", [sql]);
    parsing.add(running);
    try {
      return String((await running).value(0, 0));
    } finally {
      parsing.delete(running);
    }
  };
  return {
    closed: () => closed,
    relations: async (sql) => {
      const known = parsed.get(sql);
      if (known) return known;
      const tree = JSON.parse(await serialize(sql)) as { error: boolean; error_message?: string; statements?: unknown[] };
      if (tree.error) throw new QueryError(400, `The planned SQL does not parse: ${tree.error_message ?? "unknown error"}`);
      if (tree.statements?.length !== 1) throw new QueryError(403, "The planned SQL is not one SELECT");
      const names = relationsOf(tree.statements[0]);
      parsed.set(sql, names, sql.length + 100);
      return names;
    },
    close: async () => {
      closed = true;
      await Promise.allSettled(parsing);
      connection.closeSync();
      instance.closeSync();
    },
  };
};

const relationsOf = (tree: unknown): string[] => {
  const read = new Set<string>();
  const common = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null) return;
    const record = node as Record<string, unknown>;
    if (record["type"] === "BASE_TABLE") {
      const [catalog, schema, name] = [record["catalog_name"], record["schema_name"], record["table_name"]].map(String);
      if (catalog || schema)
        throw new QueryError(403, `The model names ${[catalog, schema, name].filter(Boolean).join(".")}: only bare mart names are granted`);
      read.add(name!.toLowerCase());
    }
    if (record["type"] === "TABLE_FUNCTION") {
      const name = String((record["function"] as Record<string, unknown> | undefined)?.["function_name"]);
      if (!harmless.has(name)) throw new QueryError(403, `The table function ${name} may not be used`);
    }
    const ctes = (record["cte_map"] as { map?: { key: string }[] } | undefined)?.map;
    for (const { key } of ctes ?? []) common.add(key.toLowerCase());
    Object.values(record).forEach(visit);
  };
  visit(tree);
  return [...read].filter((name) => !common.has(name)).sort();
};
