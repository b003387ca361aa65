import type { DuckDBConnection } from "@duckdb/node-api";

/** A generic test of one column, read from its SQL; `relation` and `parent` are a table or view and nothing more. */
export type ColumnTest = { relation: string; column: string } & (
  | { kind: "not_null" }
  | { kind: "unique" }
  | { kind: "accepted"; values: string }
  | { kind: "relationships"; parent: string; field: string }
);

/** More bits than this (64 MiB) are not worth having for a column. */
const mostBits = 2n ** 29n;

const name = String.raw`(?:\w+|"(?:[^"]|"")+")`;
const place = String.raw`${name}(?:\.${name})*`;
const relation = `(?<relation>${place})`;
// The texts that the built-in tests compile to. A project's own test of the same name, `where`, or rows put in the place of the relation read differently.
const notNull = new RegExp(String.raw`^\s*select (?<column>\w+)\s+from ${relation}\s+where \k<column> is null\s*$`);
const unique = new RegExp(
  String.raw`^\s*select (?<column>\w+) as unique_field, count\(\*\) as n_records\s+from ${relation}\s+where \k<column> is not null\s+group by \k<column>\s+having count\(\*\) > 1\s*$`,
);
const accepted = new RegExp(
  String.raw`^\s*with all_values as \(\s*select (?<column>\w+) as value_field, count\(\*\) as n_records from ${relation} group by \k<column>\s*\)\s*select \*\s+from all_values\s+where value_field not in \((?<values>.*)\)\s*$`,
  "s",
);

const related = new RegExp(
  String.raw`^\s*with child as \(select (?<column>\w+) as from_field from ${relation} where \k<column> is not null\),\s*parent as \(select (?<field>\w+) as to_field from (?<parent>${place})\)\s*select from_field from child left join parent on child\.from_field = parent\.to_field where parent\.to_field is null\s*$`,
);

/** Null for what is no such test, or reads otherwise than the built-in ones. */
export function readColumnTest(sql: string): ColumnTest | null {
  const read = (pattern: RegExp): Record<string, string> | undefined => pattern.exec(sql)?.groups;
  const of = ({ relation: table = "", column = "" }: Record<string, string>): { relation: string; column: string } => ({
    relation: table,
    column,
  });
  const isNull = read(notNull);
  if (isNull) return { kind: "not_null", ...of(isNull) };
  const isDouble = read(unique);
  if (isDouble) return { kind: "unique", ...of(isDouble) };
  const isOther = read(accepted);
  if (isOther) return { kind: "accepted", values: isOther.values ?? "", ...of(isOther) };
  const isRelated = read(related);
  return isRelated ? { kind: "relationships", parent: isRelated.parent ?? "", field: isRelated.field ?? "", ...of(isRelated) } : null;
}

/**
 * Which of these queries give no row, as far as one scan of each relation tells: of `not_null`, `unique` and `accepted_values` in the wording of the
 * built-in tests. The others, and those that have failures, are to be run as they stand. Raises DuckDB's error.
 */
export async function provenEmpty(queries: readonly string[], connection: DuckDBConnection): Promise<Set<string>> {
  const proven = new Set<string>();
  const read = queries.flatMap((sql) => {
    const test = readColumnTest(sql);
    return test && test.kind !== "relationships" ? [{ sql, test }] : [];
  });
  for (const [table, tests] of Map.groupBy(read, ({ test }) => test.relation)) {
    const columns = new Set(tests.flatMap(({ test }) => (test.kind === "unique" ? [test.column] : [])));
    const bounds = await integerBounds(table, [...columns], connection);
    const checks = tests.map(({ test }) => condition(test, bounds.get(test.column)));
    const result = await connection.run(`select ${checks.join(", ")} from ${table}`);
    const [answers = []] = await result.getRowsJS();
    for (const [index, { sql }] of tests.entries()) if (answers[index] === true) proven.add(sql);
  }
  return proven;
}

/** True when the test's query would give no row. */
function condition(test: Exclude<ColumnTest, { kind: "relationships" }>, bounds: readonly [bigint, bigint] | undefined): string {
  const { column } = test;
  if (test.kind === "not_null") return `count(*) = count(${column})`;
  if (test.kind === "accepted") return `count(*) filter (where ${column} not in (${test.values})) = 0`;
  // A bit for each value is a tenth of the work of a hash table.
  const different = bounds ? `bit_count(bitstring_agg(${column}, ${bounds[0]}, ${bounds[1]}))` : `count(distinct ${column})`;
  return `count(${column}) = ${different}`;
}

const integers = new Set(["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"]);

/** Least and greatest value of integer columns that do not spread too far; a table's statistics know them without a scan. */
async function integerBounds(
  table: string,
  columns: readonly string[],
  connection: DuckDBConnection,
): Promise<Map<string, readonly [bigint, bigint]>> {
  const found = new Map<string, readonly [bigint, bigint]>();
  if (columns.length === 0) return found;
  const shape = await connection.run(`select ${columns.join(", ")} from ${table} limit 0`);
  const whole = columns.filter((_, index) => integers.has(shape.columnType(index).toString()));
  if (whole.length === 0) return found;
  const result = await connection.run(
    `select ${whole.flatMap((column) => [`min(${column})::varchar`, `max(${column})::varchar`]).join(", ")} from ${table}`,
  );
  const [row = []] = await result.getRowsJS();
  for (const [index, column] of whole.entries()) {
    const [least, greatest] = [row[2 * index], row[2 * index + 1]];
    if (typeof least !== "string" || typeof greatest !== "string") continue;
    if (BigInt(greatest) - BigInt(least) < mostBits) found.set(column, [BigInt(least), BigInt(greatest)]);
  }
  return found;
}
