/** What a statement reads, from the tree that DuckDB's own parser makes of it. Closed: a kind of node that is not known here is refused. */
import { scalarFunctions, tableFunctions } from "./functions.ts";
import { nearest } from "../nearest.ts";
import { positionOf, SqlRefusal, type RefusalDetails } from "./refusal.ts";

export interface TableRead {
  /** Lower case. */
  name: string;
  /** Where in the statement it is named, in bytes. */
  byte: number;
}

export interface Statement {
  isExplain: boolean;
  /** The tables read, each once, in the order of their names; CTEs left out. */
  tables: TableRead[];
}

/** Gives DuckDB's `json_serialize_sql` of a text. */
export type Serialize = (sql: string) => Promise<string>;

const longest = 200_000;

const queryNodes = new Set(["SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"]);
const sources = new Set(["BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "SHOW_REF"]);
const modifiers = new Set(["LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "DISTINCT_MODIFIER"]);
const expressions = new Set([
  "BETWEEN",
  "CASE",
  "CAST",
  "COLLATE",
  "COLUMN_REF",
  "COMPARISON",
  "CONJUNCTION",
  "CONSTANT",
  "DEFAULT",
  "FUNCTION",
  "LAMBDA",
  "LAMBDA_REF",
  "OPERATOR",
  "PARAMETER",
  "POSITIONAL_REFERENCE",
  "STAR",
  "SUBQUERY",
  "WINDOW",
]);

type Node = Record<string, unknown>;

/** White space and comments, then EXPLAIN or EXPLAIN ANALYZE. */
const explain = /^(?:\s|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*explain\b(?:\s+analyze\b)?/i;

/**
 * Reads one SELECT, or an EXPLAIN of one. Throws SqlRefusal: 422 when it does not parse, 403 for what may not be used.
 * The text that was read is the text to run: nothing is rewritten.
 */
export const readStatement = async (sql: string, serialize: Serialize): Promise<Statement> => {
  if (sql.length > longest)
    throw new SqlRefusal({ status: 413, message: `The statement has ${sql.length} characters; up to ${longest} are allowed` });
  // DuckDB takes text up to a NUL in one place and past it in another: what was read must be what runs.
  if (sql.includes("\0") || !sql.isWellFormed())
    throw new SqlRefusal({ status: 422, message: "The statement holds a NUL character or half a character; remove it" });
  const prefix = explain.exec(sql)?.[0];
  // Blanked and not cut off, so that places stay what they are.
  const query = prefix === undefined ? sql : " ".repeat(Buffer.byteLength(prefix)) + sql.slice(prefix.length);
  const tree = JSON.parse(await serialize(query)) as {
    error: boolean;
    error_type?: string;
    error_message?: string;
    position?: string;
    statements?: Node[];
  };
  if (tree.error) {
    if (tree.error_type === "not implemented") throw new SqlRefusal({ status: 403, message: onlySelect(sql) });
    const position = tree.position === undefined ? undefined : positionOf(query, Number(tree.position));
    throw new SqlRefusal({
      status: 422,
      message: sentence(tree.error_message ?? "The statement does not parse"),
      ...(position ? { position } : {}),
    });
  }
  const [statement, ...others] = tree.statements ?? [];
  if (!statement) throw new SqlRefusal({ status: 422, message: "There is no statement; write one SELECT" });
  if (others.length) throw new SqlRefusal({ status: 403, message: `There are ${others.length + 1} statements; send one at a time` });
  return { isExplain: prefix !== undefined, tables: tablesOf(statement, query) };
};

const onlySelect = (sql: string): string =>
  /\bpivot\b/i.test(sql)
    ? "Only SELECT can be run, and EXPLAIN of one; write a PIVOT as sum(…) filter (where …) per column"
    : "Only SELECT can be run, and EXPLAIN of one; data is changed through the API";

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A node to be looked at, and the names of CTEs that it may mean. */
interface Visit {
  value: unknown;
  ctes: ReadonlySet<string>;
}

/** Walks with a list of its own: an expression may be nested deeper than the call stack allows. */
const tablesOf = (statement: Node, sql: string): TableRead[] => {
  const found = new Map<string, number>();
  const waiting: Visit[] = [{ value: statement, ctes: new Set() }];
  for (let visit = waiting.pop(); visit; visit = waiting.pop()) {
    const { value, ctes } = visit;
    if (Array.isArray(value)) {
      for (const each of value) waiting.push({ value: each, ctes });
      continue;
    }
    if (typeof value !== "object" || value === null) continue;
    const node = value as Node;
    const byte = typeof node["query_location"] === "number" ? node["query_location"] : -1;
    const refuse = (message: string, more: Partial<RefusalDetails> = {}): never => {
      const position = positionOf(sql, byte);
      throw new SqlRefusal({ status: 403, message, ...(position ? { position } : {}), ...more });
    };
    checkKind(node, refuse);
    if (node["type"] === "BASE_TABLE") {
      const table = nameOf(node, refuse);
      if (!ctes.has(table) && !found.has(table)) found.set(table, byte);
    }
    const scoped = isQuery(node) ? pushCtes(node, ctes, waiting) : ctes;
    for (const [key, child] of Object.entries(node)) {
      // A value written in the statement is data, whatever its shape.
      if (key === "cte_map" || (key === "value" && node["class"] === "CONSTANT")) continue;
      waiting.push({ value: child, ctes: scoped });
    }
  }
  return [...found].map(([name, byte]) => ({ name, byte })).sort((left, right) => (left.name < right.name ? -1 : 1));
};

const isQuery = (node: Node): boolean => typeof node["cte_map"] === "object" && node["cte_map"] !== null;

/**
 * Names of the CTEs of a query, in order: each sees those before it. One is visible in its own body only when it is recursive, else the same name
 * there is a table. Taken for a table where DuckDB sees a CTE, it is refused or asked for in vain; the other way round would leave a table unread here.
 */
const pushCtes = (node: Node, outer: ReadonlySet<string>, waiting: Visit[]): ReadonlySet<string> => {
  const { map = [] } = node["cte_map"] as { map?: { key: string; value: { query?: { node?: Node } } }[] };
  let known = outer;
  for (const { key, value } of map) {
    const name = key.toLowerCase();
    const own = new Set([...known, name]);
    waiting.push({ value, ctes: value.query?.node?.["type"] === "RECURSIVE_CTE_NODE" ? own : known });
    known = own;
  }
  return known;
};

type Refuse = (message: string, more?: Partial<RefusalDetails>) => never;

const nameOf = (node: Node, refuse: Refuse): string => {
  const [catalog, schema, name] = [node["catalog_name"], node["schema_name"], node["table_name"]].map((part) => String(part ?? ""));
  if (catalog || schema)
    return refuse(`${[catalog, schema, name].filter(Boolean).join(".")} names a schema; tables are named without one`, {
      suggestions: [name!],
    });
  if (node["at_clause"]) return refuse(`${name} has no versions to choose from (AT)`);
  return name!.toLowerCase();
};

const checkKind = (node: Node, refuse: Refuse): void => {
  const kind = node["class"];
  const type = node["type"];
  if (typeof kind === "string") {
    if (!expressions.has(kind)) refuse(`An expression of the kind ${kind} may not be used`);
    if (kind === "FUNCTION" || kind === "WINDOW") checkFunction(node, refuse);
    return;
  }
  if (isQuery(node) && !queryNodes.has(String(type))) refuse(`A query of the kind ${String(type)} may not be used`);
  if ("sample" in node && "alias" in node && typeof type === "string") checkSource(node, type, refuse);
  if (typeof type === "string" && type.endsWith("_MODIFIER") && !modifiers.has(type)) refuse(`${type} may not be used`);
};

const checkSource = (node: Node, type: string, refuse: Refuse): void => {
  if (!sources.has(type)) refuse(`A source of the kind ${type} may not be used`);
  if (type === "SHOW_REF" && !node["query"])
    refuse("SHOW may not be used; the list of tables is at /api/sql/schema, DESCRIBE tells the columns of one");
  if (type === "TABLE_FUNCTION") {
    const called = node["function"] as Node | null;
    const name = String(called?.["function_name"]).toLowerCase();
    if (!tableFunctions.has(name))
      refuse(`The table function ${name} may not be used; allowed: ${[...tableFunctions].join(", ")}`, { suggestions: [] });
  }
};

/** `range` and `unnest` are called in FROM like any function; so is what only stands there. */
const checkFunction = (node: Node, refuse: Refuse): void => {
  const name = String(node["function_name"]);
  const schema = String(node["schema"] ?? "");
  if (node["catalog"] || (schema && schema !== "main")) refuse(`${schema}.${name} names a schema; functions are named without one`);
  if (scalarFunctions.has(name) || scalarFunctions.has(name.toLowerCase()) || tableFunctions.has(name.toLowerCase())) return;
  const suggestions = nearest(name, [...scalarFunctions]);
  refuse(`The function ${name} does not exist or may not be used`, { suggestions });
};
