import { columnOrigin, combine, unresolved, type Origin } from "./origin.ts";

export interface OutputColumn {
  name: string;
  origin: Origin;
}

/** What gives columns whose names aren't known: a source that nothing describes, a table function. */
export interface Open {
  /** For messages: `source.shop.crm.orders`. */
  label: string;
  origin(column: string): Origin | null;
}

/** The columns that a table, CTE or subquery shows to who reads it. */
export interface Relation {
  /** By lower-case name, in order. */
  columns: ReadonlyMap<string, OutputColumn>;
  open: readonly Open[];
  /** The upstream relations whose rows decide how many rows there are. */
  rows: ReadonlySet<string>;
}

export const emptyRelation: Relation = { columns: new Map(), open: [], rows: new Set() };

/** An upstream table; without `columns` it has those that are `described`, and any other name may be one of its columns too. */
export function tableRelation(id: string, columns: readonly string[] | undefined, described: readonly string[] = []): Relation {
  const known = (columns ?? described).map((name): [string, OutputColumn] => [
    name.toLowerCase(),
    { name, origin: columnOrigin(id, name) },
  ]);
  return {
    columns: new Map(known),
    open: columns ? [] : [{ label: id, origin: (column) => columnOrigin(id, column) }],
    rows: new Set([id]),
  };
}

/** Columns in order; a name that is there already gets `_1`, `_2`, … as DuckDB names it. */
export function columnMap(columns: Iterable<OutputColumn>): Map<string, OutputColumn> {
  const map = new Map<string, OutputColumn>();
  for (const { name, origin } of columns) {
    let free = name;
    for (let copy = 1; map.has(free.toLowerCase()); copy++) free = `${name}_${copy}`;
    map.set(free.toLowerCase(), { name: free, origin });
  }
  return map;
}

/** `as alias(first, second)`: the first columns get other names. */
export function renameColumns(relation: Relation, names: readonly string[]): Relation {
  if (names.length === 0) return relation;
  const columns = [...relation.columns.values()];
  const known = columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
  const made = names.slice(columns.length).map((name): OutputColumn => ({ name, origin: fromOpen(relation.open, name) ?? unnamed(name) }));
  return { ...relation, columns: columnMap([...known, ...made]) };
}

const unnamed = (name: string): Origin => unresolved(`${name} names a column that isn't there`);

/** A column by name; null when there is none. */
export function findColumn(relation: Relation, name: string): Origin | null {
  return relation.columns.get(name.toLowerCase())?.origin ?? fromOpen(relation.open, name);
}

export function fromOpen(open: readonly Open[], name: string): Origin | null {
  const found = open.flatMap((one) => {
    const origin = one.origin(name);
    return origin ? [{ label: one.label, origin }] : [];
  });
  if (found.length > 1)
    return unresolved(
      `"${name}" may be of ${found.map(({ label }) => label).join(" or ")}: their columns aren't known. Build or describe them, or write the table's name before the column`,
    );
  return found[0]?.origin ?? null;
}

/** Rows of both: columns by position (by name for UNION BY NAME). */
export function uniteRelations(left: Relation, right: Relation, byName: boolean): Relation {
  const rows = new Set([...left.rows, ...right.rows]);
  const others = [...right.columns.values()];
  const united = [...left.columns.values()].map(({ name, origin }, index): OutputColumn => {
    const other = byName ? right.columns.get(name.toLowerCase()) : others[index];
    return { name, origin: other ? combine([origin, other.origin], "direct") : origin };
  });
  const added = byName ? others.filter(({ name }) => !left.columns.has(name.toLowerCase())) : [];
  return { columns: columnMap([...united, ...added]), open: [...left.open, ...right.open], rows };
}
