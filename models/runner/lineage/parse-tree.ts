import type { DuckDBConnection } from "@duckdb/node-api";

/**
 * A piece of the tree that DuckDB's own parser makes of a query (`json_serialize_sql`): whatever DuckDB can run is read as DuckDB reads it.
 * Expressions have a `class`; queries, relations and types only a `type`. Empty and default parts are left out.
 */
export interface Tree {
  readonly [key: string]: unknown;
}

export const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);
export const textOf = (tree: Tree, key: string): string => {
  const value = tree[key];
  return typeof value === "string" ? value : "";
};
export const treeOf = (tree: Tree, key: string): Tree | undefined => {
  const value = tree[key];
  return isTree(value) ? value : undefined;
};
export const treesOf = (tree: Tree, key: string): Tree[] => {
  const value = tree[key];
  return Array.isArray(value) ? value.filter(isTree) : [];
};
export const textsOf = (tree: Tree, key: string): string[] => {
  const value = tree[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
};

/** What a text parses to: the query, or why DuckDB's parser gives none (it writes only SELECT statements as JSON). */
export type Parsed = { query: Tree } | { problem: string };

/** Parses queries one after the other. Nothing is run or bound: the tables need not exist. */
export interface Parser {
  parse(text: string): Promise<Parsed>;
  close(): void;
}

export async function openParser(connection: DuckDBConnection): Promise<Parser> {
  const statement = await connection.prepare(
    "select json_serialize_sql($1::varchar, skip_null := true, skip_empty := true, skip_default := true)",
  );
  return {
    parse: async (text) => {
      statement.bindVarchar(1, text);
      const result = await statement.runAndReadAll();
      return parsedOf(JSON.parse(String(result.value(0, 0))));
    },
    close: () => statement.destroySync(),
  };
}

function parsedOf(answer: unknown): Parsed {
  if (!isTree(answer)) throw new Error("json_serialize_sql answered no object");
  if (answer.error === true) return { problem: textOf(answer, "error_message") || "DuckDB can't parse it" };
  const statements = treesOf(answer, "statements");
  const [first] = statements;
  const query = first && treeOf(first, "node");
  if (!query || statements.length !== 1) return { problem: `${statements.length} statements instead of one SELECT` };
  return { query };
}

/** Lower-case names of DuckDB's aggregate functions: the parser does not tell them from others. */
export async function aggregateFunctions(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const result = await connection.runAndReadAll(
    "select distinct lower(function_name) from duckdb_functions() where function_type = 'aggregate'",
  );
  return new Set(result.getRowsJS().map(([name]) => String(name)));
}
