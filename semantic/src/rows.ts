/** DuckDB's columns as the rows Cube sends: exact numbers as strings, times as local text, dimension and dimension.granularity. */
import { DuckDBTypeId } from "@duckdb/node-api";
import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import type { NormalizedQuery, QueryType } from "./cube-types.ts";
import { standardGranularities } from "./query.ts";

export type Cell = string | number | boolean | null;
export type Row = Record<string, Cell>;

interface Columns {
  columnNames: () => string[];
  columnType: (index: number) => DuckDBType;
  getColumns: () => DuckDBValue[][];
}

const isoMillis = (millis: number): string => new Date(millis).toISOString().slice(0, -1);
const text = (value: DuckDBValue): Cell => String(value);
const finite = (value: DuckDBValue): Cell => (Number.isFinite(value) ? (value as number) : null);

/** As node-postgres reads the same types, which is what Cube's clients know: int4 and float8 are numbers, int8 and numeric are strings. */
const converter = (type: DuckDBType): ((value: DuckDBValue) => Cell) => {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
      return (value) => value as Cell;
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return finite;
    case DuckDBTypeId.DATE:
      return (value) => isoMillis((value as { days: number }).days * 86_400_000);
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ: {
      // Bins repeat over the rows of a result far more often than not.
      const seen = new Map<bigint, string>();
      return (value) => {
        const { micros } = value as { micros: bigint };
        const known = seen.get(micros);
        if (known !== undefined) return known;
        const rendered = isoMillis(Number(micros / 1000n));
        seen.set(micros, rendered);
        return rendered;
      };
    }
    default:
      return text;
  }
};

/** The member names and values of each column, in the order selected. */
export const shapeRows = (result: Columns, members: Record<string, string>, query: NormalizedQuery, type: QueryType): Row[] => {
  const values = result.getColumns();
  const columns = result.columnNames().flatMap((name, index) => {
    const member = members[name];
    if (!member) return [];
    const convert = converter(result.columnType(index));
    const cells = (values[index] ?? []).map((value) => (value === null ? null : convert(value)));
    return namesOf(member, query, type).map((key) => ({ key, cells }));
  });
  const [compared] = query.timeDimensions;
  const range = type === "compareDateRangeQuery" && compared?.dateRange ? compared.dateRange.join(" - ") : undefined;
  return Array.from({ length: values[0]?.length ?? 0 }, (_, index) => {
    const row: Row = {};
    for (const { key, cells } of columns) row[key] = cells[index]!;
    if (range !== undefined) row["compareDateRange"] = range;
    return row;
  });
};

/** `orders.ordered_at.month` also answers as `orders.ordered_at` (the finest asked for), and when blending as `time.month`. */
const namesOf = (member: string, query: NormalizedQuery, type: QueryType): string[] => {
  const [cube, name, granularity] = member.split(".");
  if (!granularity) return [member];
  const dimension = `${cube}.${name}`;
  const asked = query.timeDimensions.filter((each) => each.dimension === dimension && each.granularity);
  const finest = asked.reduce(
    (best, each) => (rank(each.granularity!) < rank(best) ? each.granularity! : best),
    asked[0]?.granularity ?? "",
  );
  return [
    member,
    ...(finest === granularity && !query.dimensions.includes(dimension) ? [dimension] : []),
    ...(type === "blendingQuery" ? [`time.${granularity}`] : []),
  ];
};
const rank = (granularity: string): number => {
  const known = standardGranularities.indexOf(granularity);
  return known < 0 ? standardGranularities.length : known;
};

/** `responseFormat` of the query. */
export const packRows = (rows: Row[], format: NormalizedQuery["responseFormat"]): unknown => {
  if (format !== "compact" && format !== "columnar") return rows;
  const members = Object.keys(rows[0] ?? {});
  return format === "compact"
    ? { members, dataset: rows.map((row) => members.map((member) => row[member])) }
    : { members, columns: members.map((member) => rows.map((row) => row[member])) };
};
