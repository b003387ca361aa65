import { combine, constant, rowOrigin, unresolved, type Origin } from "./origin.ts";
import { isTree, textOf, textsOf, treeOf, treesOf, type Tree } from "./parse-tree.ts";
import type { Relation } from "./relation-columns.ts";
import { resolveName, type Scope } from "./scope.ts";

/** What an expression needs besides its scope. */
export interface ExpressionContext {
  aggregates: ReadonlySet<string>;
  /** The lineage of a subquery. */
  query(tree: Tree, outer: Scope): Relation;
}

/**
 * Where the value of an expression comes from. What only chooses rows (FILTER, PARTITION BY, the ORDER BY of an aggregate) is left out, as WHERE is;
 * the conditions of a CASE are in.
 */
export function originOf(expression: Tree, scope: Scope, context: ExpressionContext): Origin {
  switch (textOf(expression, "class")) {
    case "COLUMN_REF": {
      const names = textsOf(expression, "column_names");
      return resolveName(names, scope) ?? unresolved(`"${names.join(".")}" is a column of nothing in FROM`);
    }
    case "FUNCTION":
      return functionOrigin(expression, scope, context);
    case "WINDOW":
      return windowOrigin(expression, scope, context);
    case "SUBQUERY":
      return subqueryOrigin(expression, scope, context);
    case "LAMBDA":
      return lambdaOrigin(expression, scope, context);
    case "STAR":
      return starOrigin(expression, scope);
    default:
      return combine(
        partsOf(expression).map((part) => originOf(part, scope, context)),
        "derived",
      );
  }
}

const argumentsOf = (expression: Tree, scope: Scope, context: ExpressionContext): Origin =>
  combine(
    treesOf(expression, "children").map((child) => originOf(child, scope, context)),
    "derived",
  );

function functionOrigin(expression: Tree, scope: Scope, context: ExpressionContext): Origin {
  const given = argumentsOf(expression, scope, context);
  if (!context.aggregates.has(textOf(expression, "function_name").toLowerCase())) return given;
  return given.inputs.size > 0 || given.problem ? combine([given], "aggregated") : rowOrigin(scope.rows);
}

/** A value over other rows comes from the argument; a rank comes from what it is ranked by. */
function windowOrigin(expression: Tree, scope: Scope, context: ExpressionContext): Origin {
  const kind = textOf(expression, "type") === "WINDOW_AGGREGATE" ? "aggregated" : "derived";
  const given = argumentsOf(expression, scope, context);
  if (given.inputs.size > 0 || given.problem) return combine([given], kind);
  const orders = treesOf(expression, "orders")
    .map((order) => treeOf(order, "expression"))
    .filter(isTree);
  if (kind === "aggregated" || orders.length === 0) return rowOrigin(scope.rows);
  return combine(
    orders.map((order) => originOf(order, scope, context)),
    "derived",
  );
}

function subqueryOrigin(expression: Tree, scope: Scope, context: ExpressionContext): Origin {
  const inner = treeOf(expression, "subquery");
  const query = inner && treeOf(inner, "node");
  if (!query) return unresolved("a subquery without a query");
  const { columns, rows } = context.query(query, scope);
  if (/EXISTS/.test(textOf(expression, "subquery_type"))) return rowOrigin(rows);
  const child = treeOf(expression, "child");
  const value = [...columns.values()].map(({ origin }) => origin);
  return combine([...value, ...(child ? [originOf(child, scope, context)] : [])], "derived");
}

/** `x -> x + y`: the parameter stands for the list's elements, which the call has as an argument of its own. */
function lambdaOrigin(expression: Tree, scope: Scope, context: ExpressionContext): Origin {
  const parameters = new Map(scope.parameters);
  for (const name of parameterNames(treeOf(expression, "lhs"))) parameters.set(name.toLowerCase(), constant);
  const body = treeOf(expression, "expr");
  return body ? originOf(body, { ...scope, parameters }, context) : constant;
}

const parameterNames = (tree: Tree | undefined): string[] =>
  tree ? [...textsOf(tree, "column_names"), ...textsOf(tree, "names"), ...treesOf(tree, "children").flatMap(parameterNames)] : [];

/** `*` as an argument: every column there is. */
function starOrigin(expression: Tree, scope: Scope): Origin {
  if (expression.columns === true) return unresolved("COLUMNS(…) inside an expression stands for several columns");
  const name = textOf(expression, "relation_name").toLowerCase();
  const chosen = scope.visible.filter(({ alias }) => name === "" || alias.toLowerCase() === name);
  return combine(
    chosen.flatMap(({ relation }) => [...relation.columns.values()].map(({ origin }) => origin)),
    "derived",
  );
}

/** The expressions right below one, whatever it calls them. */
function partsOf(value: unknown): Tree[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown) => (isTree(item) && typeof item.class === "string" ? [item] : partsOf(item)));
  if (!isTree(value)) return [];
  return partsOf(Object.values(value));
}
