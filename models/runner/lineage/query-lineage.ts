import { expandSelectList } from "./select-list.ts";
import { readFrom } from "./from-clause.ts";
import { textOf, textsOf, treeOf, treesOf, isTree, type Tree } from "./parse-tree.ts";
import { columnMap, emptyRelation, renameColumns, uniteRelations, type Relation } from "./relation-columns.ts";
import { rootScope, type Scope } from "./scope.ts";
import { sameOrigin, unresolved } from "./origin.ts";

/** What the names in a query mean outside of it. */
export interface QueryContext {
  /** Lower-case names of aggregate functions. */
  aggregates: ReadonlySet<string>;
  /** A table that is no CTE, by the parts it was named with (catalog, schema, name); null when nobody knows it. */
  table(parts: readonly string[]): Relation | null;
  /** A call like `read_csv('orders.csv')` that stands for a known table. */
  call(call: Tree): Relation | null;
  /** A CTE that stands for a model (an ephemeral one) and is read under the model's name. */
  cte(name: string): Relation | null;
}

/** The columns that a query gives, each with the upstream columns its values come from. */
export const queryLineage = (query: Tree, context: QueryContext): Relation => readQuery(query, rootScope, context);

/** `outer` holds the CTEs that are visible, and the columns of the query around. */
export function readQuery(query: Tree, outer: Scope, context: QueryContext): Relation {
  const scope = withCtes(query, outer, context);
  switch (textOf(query, "type")) {
    case "SELECT_NODE":
      return readSelect(query, scope, context);
    case "SET_OPERATION_NODE":
      return readSetOperation(query, scope, context);
    case "RECURSIVE_CTE_NODE":
      return readRecursive(query, scope, context);
    default:
      return unreadable(`a query of type ${textOf(query, "type")} is not read`);
  }
}

const unreadable = (problem: string): Relation => ({ ...emptyRelation, open: [{ label: problem, origin: () => unresolved(problem) }] });

function withCtes(query: Tree, outer: Scope, context: QueryContext): Scope {
  const map = treeOf(query, "cte_map");
  const entries = map ? treesOf(map, "map") : [];
  if (entries.length === 0) return outer;
  const ctes = new Map(outer.ctes);
  for (const entry of entries) {
    const value = treeOf(entry, "value");
    const inner = value && treeOf(value, "query");
    const node = inner && treeOf(inner, "node");
    if (!value || !node) continue;
    const name = textOf(entry, "key");
    ctes.set(
      name.toLowerCase(),
      context.cte(name) ?? renameColumns(readQuery(node, { ...outer, ctes }, context), textsOf(value, "aliases")),
    );
  }
  return { ...outer, ctes };
}

function readSelect(query: Tree, outer: Scope, context: QueryContext): Relation {
  const tree = treeOf(query, "from_table");
  const readInner = (inner: Tree, around: Scope): Relation => readQuery(inner, around, context);
  const expressions = { aggregates: context.aggregates, query: readInner };
  const from = readFrom(tree, outer, { ...expressions, table: context.table, call: context.call });
  const scope: Scope = {
    visible: from.visible,
    rows: from.rows,
    ctes: outer.ctes,
    outer: outer.visible.length > 0 || outer.outer ? outer : null,
    aliases: new Map(),
    parameters: outer.parameters,
  };
  const { columns, open } = expandSelectList(treesOf(query, "select_list"), scope, expressions);
  return { columns: columnMap(columns), open, rows: from.rows };
}

function readSetOperation(query: Tree, scope: Scope, context: QueryContext): Relation {
  const branches = [treeOf(query, "left"), treeOf(query, "right"), ...treesOf(query, "children")].filter(isTree);
  const [first = emptyRelation, ...others] = branches.map((branch) => readQuery(branch, scope, context));
  const operation = textOf(query, "setop_type");
  // Of EXCEPT and INTERSECT all values are the left side's.
  if (operation === "EXCEPT" || operation === "INTERSECT") return first;
  return others.reduce((united, other) => uniteRelations(united, other, operation === "UNION_BY_NAME"), first);
}

/** The recursive part reads the columns it makes: repeated until they stay as they are. */
function readRecursive(query: Tree, scope: Scope, context: QueryContext): Relation {
  const [left, right] = [treeOf(query, "left"), treeOf(query, "right")];
  if (!left || !right) return unreadable("a recursive CTE without two parts");
  const name = textOf(query, "cte_name").toLowerCase();
  const names = textsOf(query, "aliases");
  const start = renameColumns(readQuery(left, scope, context), names);
  for (let made = start; ;) {
    const step = readQuery(right, { ...scope, ctes: new Map([...scope.ctes, [name, made]]) }, context);
    const next = uniteRelations(start, renameColumns(step, names), false);
    const isStable = [...next.columns].every(([key, column]) => {
      const before = made.columns.get(key);
      return before !== undefined && sameOrigin(column.origin, before.origin);
    });
    if (isStable) return next;
    made = next;
  }
}
