import { originOf, type ExpressionContext } from "./expression-lineage.ts";
import { combine, constant, unresolved, type Origin } from "./origin.ts";
import { isTree, textOf, textsOf, treeOf, treesOf, type Tree } from "./parse-tree.ts";
import { columnMap, findColumn, type Open, type OutputColumn, type Relation } from "./relation-columns.ts";
import type { From } from "./from-clause.ts";
import { rootScope, type Scope } from "./scope.ts";
import { expandStar } from "./select-list.ts";

/** PIVOT and UNPIVOT of a relation. */
export function readPivot(tree: Tree, source: From, outer: Scope, context: ExpressionContext): Relation {
  const scope: Scope = { ...rootScope, visible: source.visible, rows: source.rows, ctes: outer.ctes, outer };
  const values = textsOf(tree, "unpivot_names");
  return values.length > 0 ? unpivot(tree, values, scope, context) : pivot(tree, scope, context);
}

/** Columns become rows: one column with the names, and one or more with the values of all of them. */
function unpivot(tree: Tree, values: readonly string[], scope: Scope, context: ExpressionContext): Relation {
  const [group] = treesOf(tree, "pivots");
  const names = group ? textsOf(group, "unpivot_names") : [];
  const entries = group ? treesOf(group, "entries") : [];
  const taken = entries.flatMap((entry) => takenColumns(entry, scope, context));
  const made = values.map((name, index): OutputColumn => {
    const origins = taken.map((columns) => columns[index]?.origin ?? unresolved(`UNPIVOT gives no value for ${name}`));
    return { name, origin: combine(origins, "direct") };
  });
  const used = new Set(taken.flat().map(({ name }) => name.toLowerCase()));
  const keys = names.map((name): OutputColumn => ({ name, origin: constant }));
  return { ...rest(scope, used), columns: columnMap([...restColumns(scope, used), ...keys, ...made]) };
}

/** The columns of one entry; `COLUMNS('…')` is an entry for each. */
function takenColumns(entry: Tree, scope: Scope, context: ExpressionContext): OutputColumn[][] {
  const star = treeOf(entry, "star_expr");
  if (star) return expandStar(star, scope, context).columns.map((column) => [column]);
  const columns = constantsOf(entry).map((name) => ({ name, origin: columnNamed(name, scope) }));
  return columns.length > 0 ? [columns] : [];
}

const columnNamed = (name: string, scope: Scope): Origin =>
  scope.visible.map(({ relation }) => findColumn(relation, name)).find((origin) => origin !== null) ??
  unresolved(`UNPIVOT takes "${name}", which isn't there`);

const constantsOf = (entry: Tree): string[] =>
  treesOf(entry, "values").flatMap((value) => (value.value === undefined ? [] : String(value.value)));

/** Rows become columns: one per combination of values and aggregate. */
function pivot(tree: Tree, scope: Scope, context: ExpressionContext): Relation {
  const aggregates = treesOf(tree, "aggregates").map((aggregate) => ({
    name: textOf(aggregate, "alias") || textOf(aggregate, "function_name"),
    isNamed: textOf(aggregate, "alias") !== "",
    origin: originOf(aggregate, scope, context),
  }));
  const groups = treesOf(tree, "pivots");
  const keys = groups.reduce<string[]>((before, group) => {
    const own = treesOf(group, "entries").map((entry) => textOf(entry, "alias") || constantsOf(entry).join("_"));
    return before.length === 0 ? own : before.flatMap((key) => own.map((name) => `${key}_${name}`));
  }, []);
  const made = keys.flatMap((key) =>
    aggregates.map(({ name, isNamed, origin }): OutputColumn => ({
      name: aggregates.length > 1 || isNamed ? `${key}_${name}` : key,
      origin,
    })),
  );
  const used = new Set(
    [...treesOf(tree, "aggregates"), ...groups.flatMap((group) => treesOf(group, "pivot_expressions"))].flatMap(columnsIn),
  );
  const grouped = textsOf(tree, "groups");
  const kept = grouped.length > 0 ? grouped.map((name) => ({ name, origin: columnNamed(name, scope) })) : restColumns(scope, used);
  return { ...rest(scope, used), ...(grouped.length > 0 && { open: [] }), columns: columnMap([...kept, ...made]) };
}

const restColumns = (scope: Scope, used: ReadonlySet<string>): OutputColumn[] =>
  scope.visible.flatMap(({ relation }) => [...relation.columns].filter(([key]) => !used.has(key)).map(([, column]) => column));

const rest = (scope: Scope, used: ReadonlySet<string>): Pick<Relation, "open" | "rows"> => ({
  open: scope.visible.flatMap(({ relation }) =>
    relation.open.map((one): Open => ({ label: one.label, origin: (name) => (used.has(name.toLowerCase()) ? null : one.origin(name)) })),
  ),
  rows: scope.rows,
});

/** Lower-case names of the columns an expression mentions. */
function columnsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(columnsIn);
  if (!isTree(value)) return [];
  const own = textOf(value, "class") === "COLUMN_REF" ? textsOf(value, "column_names").slice(-1) : [];
  return [...own.map((name) => name.toLowerCase()), ...Object.values(value).flatMap(columnsIn)];
}
