import { originOf, type ExpressionContext } from "./expression-lineage.ts";
import { combine, constant, unresolved, type Origin } from "./origin.ts";
import { readPivot } from "./pivot.ts";
import { textOf, textsOf, treeOf, treesOf, isTree, type Tree } from "./parse-tree.ts";
import { columnMap, findColumn, renameColumns, type OutputColumn, type Relation } from "./relation-columns.ts";
import type { Scope, Visible } from "./scope.ts";

export interface From {
  visible: readonly Visible[];
  /** Upstream relations whose rows make the rows of the clause: of a LEFT JOIN the left side's. */
  rows: ReadonlySet<string>;
}

export interface FromContext extends ExpressionContext {
  table(parts: readonly string[]): Relation | null;
  call(call: Tree): Relation | null;
}

/** What a FROM clause lets the rest of the query see. `outer` holds the CTEs and the query around. */
export function readFrom(tree: Tree | undefined, outer: Scope, context: FromContext): From {
  const none: From = { visible: [], rows: new Set() };
  if (!tree) return none;
  switch (textOf(tree, "type")) {
    case "EMPTY":
      return none;
    case "BASE_TABLE":
      return readTable(tree, outer, context);
    case "SUBQUERY": {
      const inner = treeOf(tree, "subquery");
      const query = inner && treeOf(inner, "node");
      if (!query) return none;
      return named(tree, renameColumns(context.query(query, { ...outer, aliases: new Map() }), textsOf(tree, "column_name_alias")));
    }
    case "JOIN":
      return readJoin(tree, outer, context);
    case "TABLE_FUNCTION":
      return readTableFunction(tree, outer, context);
    case "EXPRESSION_LIST":
      return readValues(tree, outer, context);
    case "PIVOT": {
      const source = readFrom(treeOf(tree, "source"), outer, context);
      return named(tree, renameColumns(readPivot(tree, source, outer, context), textsOf(tree, "column_name_alias")));
    }
    default:
      return named(tree, opaque(textOf(tree, "type"), unresolved(`a relation of type ${textOf(tree, "type")} is not read`)));
  }
}

const named = (tree: Tree, relation: Relation, alias = textOf(tree, "alias"), path: readonly string[] = []): From => ({
  visible: [{ alias, path, relation, merged: new Set() }],
  rows: relation.rows,
});

/** Any column asked for has this origin. */
const opaque = (label: string, origin: Origin): Relation => ({
  columns: new Map(),
  open: [{ label, origin: () => origin }],
  rows: new Set(),
});

function readTable(tree: Tree, outer: Scope, context: FromContext): From {
  const name = textOf(tree, "table_name");
  const path = [textOf(tree, "catalog_name"), textOf(tree, "schema_name")].filter((part) => part !== "");
  const cte = path.length === 0 ? outer.ctes.get(name.toLowerCase()) : undefined;
  const found = cte ?? context.table([...path, name]);
  const relation =
    found ??
    opaque(
      name,
      unresolved(`${[...path, name].join(".")} is no model, seed, snapshot or source of the project: name it by ref() or source()`),
    );
  return named(tree, renameColumns(relation, textsOf(tree, "column_name_alias")), textOf(tree, "alias") || name, path);
}

function readJoin(tree: Tree, outer: Scope, context: FromContext): From {
  const left = readFrom(treeOf(tree, "left"), outer, context);
  // The right side of a lateral join sees the left.
  const lateral: Scope = { ...outer, visible: left.visible, rows: left.rows, outer, parameters: outer.parameters };
  const right = readFrom(treeOf(tree, "right"), lateral, context);
  const type = textOf(tree, "join_type");
  if (type === "SEMI" || type === "ANTI") return left;
  const names = textOf(tree, "ref_type") === "NATURAL" ? commonColumns(left, right) : textsOf(tree, "using_columns");
  const merged = new Set(names.map((name) => name.toLowerCase()));
  return {
    visible: [
      ...left.visible.map((one) => mergeInto(one, right, merged, type)),
      ...right.visible.map((one) => ({ ...one, merged: new Set([...one.merged, ...merged]) })),
    ],
    rows: new Set([...(type === "RIGHT" ? [] : left.rows), ...(type === "LEFT" ? [] : right.rows)]),
  };
}

const commonColumns = (left: From, right: From): string[] =>
  left.visible.flatMap(({ relation }) =>
    [...relation.columns.keys()].filter((key) => right.visible.some((other) => other.relation.columns.has(key))),
  );

/** The one column that USING shows is the right side's of a RIGHT JOIN, and of either side in a FULL JOIN. */
function mergeInto(one: Visible, right: From, merged: ReadonlySet<string>, type: string): Visible {
  if (merged.size === 0 || !["RIGHT", "OUTER", "FULL"].includes(type)) return one;
  const columns = new Map(one.relation.columns);
  for (const name of merged) {
    const own = columns.get(name);
    const other = right.visible.map(({ relation }) => findColumn(relation, name)).find((origin) => origin !== null);
    if (own && other) columns.set(name, { name: own.name, origin: type === "RIGHT" ? other : combine([own.origin, other], "derived") });
  }
  return { ...one, relation: { ...one.relation, columns } };
}

/** The one column of these functions is called like the function. */
const singleColumn = new Set(["range", "generate_series", "unnest"]);

/** A table function gives what it makes of its arguments, which may be columns of what stands before it. */
function readTableFunction(tree: Tree, outer: Scope, context: FromContext): From {
  const call = treeOf(tree, "function");
  const name = call ? textOf(call, "function_name") : "";
  const known = call && context.call(call);
  const origin = call
    ? combine(
        treesOf(call, "children").map((child) => originOf(child, outer, context)),
        "derived",
      )
    : constant;
  const made: Relation = singleColumn.has(name)
    ? { columns: columnMap([{ name, origin }]), open: [], rows: new Set() }
    : opaque(`${name}()`, origin);
  return named(tree, renameColumns(known ?? made, textsOf(tree, "column_name_alias")), textOf(tree, "alias") || name);
}

/** VALUES: column by column over the rows. */
function readValues(tree: Tree, outer: Scope, context: FromContext): From {
  const rows = (Array.isArray(tree.values) ? tree.values : []).filter(Array.isArray).map((row) => row.filter(isTree));
  const columns = (rows[0] ?? []).map((_, index): OutputColumn => {
    const values = rows.map((row) => row[index]).filter(isTree);
    return {
      name: `col${index}`,
      origin: combine(
        values.map((value) => originOf(value, outer, context)),
        "derived",
      ),
    };
  });
  return named(tree, renameColumns({ columns: columnMap(columns), open: [], rows: new Set() }, textsOf(tree, "expected_names")));
}
