import { combine, type Origin } from "./origin.ts";
import { findColumn, fromOpen, type Relation } from "./relation-columns.ts";

/** A relation in a FROM clause, by the name that its columns may be qualified with. */
export interface Visible {
  alias: string;
  /** Schema and catalog it was named with, outermost first. */
  path: readonly string[];
  relation: Relation;
  /** Lower-case names that USING merged into an earlier relation: `*` and unqualified names don't see them. */
  merged: ReadonlySet<string>;
}

/** What a name in an expression can mean. */
export interface Scope {
  visible: readonly Visible[];
  /** CTEs by lower-case name. */
  ctes: ReadonlyMap<string, Relation>;
  /** Of the query around this one. */
  outer: Scope | null;
  /** Earlier columns of the same select list, by lower-case alias. */
  aliases: ReadonlyMap<string, Origin>;
  /** Parameters of the lambdas around, lower case. */
  parameters: ReadonlyMap<string, Origin>;
  /** Rows of the FROM clause. */
  rows: ReadonlySet<string>;
}

export const rootScope: Scope = {
  visible: [],
  ctes: new Map(),
  outer: null,
  aliases: new Map(),
  parameters: new Map(),
  rows: new Set(),
};

/** What a column reference means, in DuckDB's order: lambda parameter, column of FROM, earlier alias, the query around. */
export function resolveName(names: readonly string[], scope: Scope): Origin | null {
  const [first = ""] = names;
  const parameter = scope.parameters.get(first.toLowerCase());
  if (parameter) return field(parameter, names.length > 1);
  const found = qualified(names, scope.visible) ?? unqualified(names, scope.visible);
  if (found) return found;
  const alias = scope.aliases.get(first.toLowerCase());
  if (alias) return field(alias, names.length > 1);
  return (scope.outer && resolveName(names, scope.outer)) ?? wholeRow(names, scope.visible);
}

/** A field of a struct is derived from the column. */
const field = (origin: Origin, isField: boolean): Origin => (isField ? combine([origin], "derived") : origin);

const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

/** `orders.amount`, `marts.orders.amount`, `orders.address.city`. */
function qualified(names: readonly string[], visible: readonly Visible[]): Origin | null {
  for (let length = Math.min(3, names.length - 1); length >= 1; length--) {
    const qualifiers = names.slice(0, length);
    const one = visible.find((candidate) => isNamed(candidate, qualifiers));
    const origin = one && findColumn(one.relation, names[length] ?? "");
    if (origin) return field(origin, names.length > length + 1);
  }
  return null;
}

export function isNamed({ alias, path }: Visible, qualifiers: readonly string[]): boolean {
  if (!same(alias, qualifiers.at(-1) ?? "")) return false;
  const rest = qualifiers.slice(0, -1);
  const end = path.slice(path.length - rest.length);
  return rest.length <= path.length && rest.every((part, index) => same(part, end[index] ?? ""));
}

function unqualified(names: readonly string[], visible: readonly Visible[]): Origin | null {
  const [name = ""] = names;
  for (const { relation, merged } of visible) {
    const column = relation.columns.get(name.toLowerCase());
    if (column && !merged.has(name.toLowerCase())) return field(column.origin, names.length > 1);
  }
  const open = fromOpen(
    visible.flatMap(({ relation, merged }) => (merged.has(name.toLowerCase()) ? [] : relation.open)),
    name,
  );
  return open && field(open, names.length > 1);
}

/** The name of a relation stands for its row. */
function wholeRow(names: readonly string[], visible: readonly Visible[]): Origin | null {
  const one = visible.find((candidate) => isNamed(candidate, names));
  if (!one) return null;
  return combine(
    [...one.relation.columns.values()].map(({ origin }) => origin),
    "derived",
  );
}
