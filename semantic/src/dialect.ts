/**
 * DuckDB's SQL for Cube's planner: their dialect with what it gets wrong or leaves out. Everything here has a case in
 * dialect.test.ts or cube-cases.test.ts.
 */
import { BaseFilter, DuckDBQuery } from "./cube.ts";
import type { BaseTimeDimension, Compiler } from "./cube.ts";
import type { PlanOptions } from "./cube-types.ts";

export type WeekStart = "monday" | "sunday";

/**
 * How custom granularities of an interval and an origin are binned: on the `calendar` (half years are six months), or as `cube` does on
 * Postgres: by the seconds of the interval, a month being 30 days, so that four years before its origin a half year starts a month late.
 */
export type Bins = "calendar" | "cube";

export interface DialectOptions {
  weekStart: WeekStart;
  bins: Bins;
  /** ICU collation that text is ordered by, `zh` for pinyin; null for the order of code points. */
  collation: string | null;
}

const numeric = new Set(["number", "count", "countDistinct", "countDistinctApprox", "sum", "avg", "min", "max", "runningTotal"]);

/** Mean lengths in seconds: only the first guess of a bin, mended to the exact one. */
const seconds = {
  year: 31556952,
  quarter: 7889238,
  month: 2629746,
  week: 604800,
  day: 86400,
  hour: 3600,
  minute: 60,
  second: 1,
};
type Unit = keyof typeof seconds;

/** `3 month 3 days 3 hours` -> [["month", 3], ["day", 3], ["hour", 3]]. Cube's validator has refused anything else. */
const intervalParts = (interval: string): [Unit, number][] =>
  [...interval.matchAll(/(-?\d+)\s+(year|quarter|month|week|day|hour|minute|second)s?/gi)].map((part) => [
    part[2]!.toLowerCase() as Unit,
    Number(part[1]),
  ]);

class Filter extends BaseFilter {
  /** Decimals are compared as decimals: Cube's cast to double makes 0.1 + 0.2 differ from 0.3. */
  override castParameter(): string {
    return numeric.has((this.definition() as { type: string }).type) ? "CAST(? AS DECIMAL(38,10))" : "?";
  }

  /** DuckDB has no default escape character, and Cube escapes `%` and `_` in values with a backslash. Ids are UUIDs, which have no ILIKE. */
  override likeIgnoreCase(column: string, not: boolean, param: string, type: string): string {
    return `${super.likeIgnoreCase(`CAST(${column} AS VARCHAR)`, not, param, type)} ESCAPE '\\'`;
  }
}

const isDay = (sql: string): string => `typeof(${sql}) = 'DATE'`;

/** Begins what `addTimestampInterval` makes: local time already, also where Cube puts parentheses around it. */
const localMark = "/* local time */";
const isLocal = (sql: string): boolean => sql.startsWith(localMark) || sql.startsWith(`(${localMark}`);

const compared = (timezone: string, column: string, operator: string, instant: string): string => {
  if (isLocal(column)) return `${column} ${operator} timezone('${timezone}', ${instant})`;
  const day = `timezone('${timezone}', ${instant})::date`;
  return `(case when ${isDay(column)} then ${column}::date ${operator} ${day} else ${column} ${operator} ${instant} end)`;
};

/** `2026-07-15T00:00:00.000000` and the like, by whole days. */
const moveDays = (local: string, days: number): string =>
  new Date(Date.parse(`${local.slice(0, 10)}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10) + local.slice(10);

export class Dialect extends DuckDBQuery {
  constructor(compiler: Compiler, options: PlanOptions & DialectOptions) {
    super(compiler, { ...options, useNativeSqlPlanner: false, convertTzForRawTimeDimension: true });
  }

  override subQueryOptions(options: object): object {
    const { weekStart, bins, collation } = this.options as DialectOptions;
    return { ...(super.subQueryOptions(options) as object), weekStart, bins, collation };
  }

  override newFilter(filter: unknown): BaseFilter {
    return new Filter(this as never, filter);
  }

  /** The series that rolling windows run over: Cube's weeks start on Monday, so the range is moved there and the weeks back. */
  override newTimeDimension(timeDimension: { granularity?: string }): BaseTimeDimension {
    const made = super.newTimeDimension(timeDimension) as BaseTimeDimension;
    if (timeDimension.granularity === "week" && (this.options as DialectOptions).weekStart === "sunday")
      made.timeSeries = () =>
        made
          .granularityObj!.timeSeriesForInterval([moveDays(made.dateFromFormatted(), 1), moveDays(made.dateToFormatted(), 1)], {
            timestampPrecision: this.timestampPrecision(),
          })
          .map(([from, to]) => [moveDays(from, -1), moveDays(to, -1)]);
    return made;
  }

  /** A DATE is a day of the company's calendar already and is not moved. DuckDB folds `typeof`, so either branch costs nothing. */
  override convertTz(field: string): string {
    if (isLocal(field)) return field;
    return `(case when ${isDay(field)} then ${field}::timestamp else timezone('${this.timezone as string}', ${field}::timestamptz) end)`;
  }

  override timeRangeFilter(column: string, from: string, to: string): string {
    return `${compared(this.timezone as string, column, ">=", from)} AND ${compared(this.timezone as string, column, "<=", to)}`;
  }
  override timeNotInRangeFilter(column: string, from: string, to: string): string {
    return `(${compared(this.timezone as string, column, "<", from)} OR ${compared(this.timezone as string, column, ">", to)})`;
  }
  override beforeDateFilter(column: string, instant: string): string {
    return compared(this.timezone as string, column, "<", instant);
  }
  override beforeOrOnDateFilter(column: string, instant: string): string {
    return compared(this.timezone as string, column, "<=", instant);
  }
  override afterDateFilter(column: string, instant: string): string {
    return compared(this.timezone as string, column, ">", instant);
  }
  override afterOrOnDateFilter(column: string, instant: string): string {
    return compared(this.timezone as string, column, ">=", instant);
  }

  /** Instants are microseconds: an end of 23:59:59.999 would lose the last millisecond of a day. */
  override timestampPrecision(): number {
    return 6;
  }
  override timestampFormat(): string {
    return "YYYY-MM-DD[T]HH:mm:ss.SSSSSS[Z]";
  }

  /** Time shifts move the wall clock: 29 February 00:30 in Shanghai is still 28 February in UTC, a year on that is another day. */
  override addTimestampInterval(field: string, interval: string): string {
    return `${localMark}(${this.convertTz(field)} + interval '${interval}')`;
  }

  override timeGroupedColumn(granularity: string, dimension: string): string {
    if (granularity === "week" && (this.options as DialectOptions).weekStart === "sunday")
      return `(date_trunc('week', (${dimension})::timestamp + interval 1 day) - interval 1 day)`;
    return super.timeGroupedColumn(granularity, `(${dimension})::timestamp`);
  }

  /** The start of the bin `origin + n * interval` that holds `source`. */
  override dateBin(interval: string, source: string, origin: string): string {
    const parts = intervalParts(interval);
    const step = parts
      .map(([unit, count]) => (unit === "quarter" ? `interval ${count * 3} month` : `interval ${count} ${unit}`))
      .join(" + ");
    const start = `timestamp '${origin}'`;
    const bin = (n: string) => `(${start} + (${step}) * (${n}))`;
    const sinceOrigin = `(epoch(${source}::timestamp) - epoch(${start}))`;
    if ((this.options as DialectOptions).bins === "cube") return bin(`floor(${sinceOrigin} / epoch(${step}))::bigint`);
    const meanLength = parts.reduce((sum, [unit, count]) => sum + seconds[unit] * count, 0);
    const guess = `floor(${sinceOrigin} / ${meanLength})::bigint`;
    return (
      `(case when ${bin(`${guess} + 1`)} <= ${source} then ${bin(`${guess} + 1`)}` +
      ` when ${bin(guess)} <= ${source} then ${bin(guess)} else ${bin(`${guess} - 1`)} end)`
    );
  }

  /** Where an order finds its columns: several sub-queries side by side all have the dimensions. */
  private orderedSide = "";

  /** Text by its alias, because a collation cannot be put on a position. Not all of it is VARCHAR: ids are UUIDs. */
  override orderHashToString(order: { id: string; desc: boolean } | null): string | null {
    const { collation } = this.options as DialectOptions;
    const text = collation && order && this.dimensions.find((each: { dimension: unknown }) => each.dimension === order.id);
    if (!text || (text.dimensionDefinition() as { type: string }).type !== "string")
      return super.orderHashToString(order as never) as string | null;
    return `CAST(${this.orderedSide}${text.aliasName() as string} AS VARCHAR) COLLATE ${collation} ${order.desc ? "DESC" : "ASC"}`;
  }

  /** Sent as a number, like every approximate count of Cube's. */
  override countDistinctApprox(sql: string): string {
    return `approx_count_distinct(${sql})::double`;
  }
  /** DuckDB's sketches do not merge, so a rolling window merges the values themselves: exact, and small enough inside a window. */
  override hllInit(sql: string): string {
    return `list(distinct ${sql})`;
  }
  override hllMerge(sql: string): string {
    return `nullif(len(list_distinct(flatten(list(${sql})))), 0)::double`;
  }

  /**
   * Measures of several sub-queries (time shifts, rolling windows, other facts) are put side by side for every combination of dimensions
   * that any of them has. Cube joins them INNER: a month without its prior year vanishes.
   */
  override outerMeasuresJoinFullKeyQueryAggregate(inner: unknown[], outer: unknown[], subQueries: string[]): string {
    const dimensions = this.dimensionAliasNames() as string[];
    const join = (queries: string[]): string => {
      this.orderedSide = queries.length > 1 ? "q_0." : "";
      const sql = super.outerMeasuresJoinFullKeyQueryAggregate(inner, outer, queries) as string;
      this.orderedSide = "";
      return sql;
    };
    if (subQueries.length < 2 || !dimensions.length) return join(subQueries);
    const spine = subQueries
      .map((query) => `SELECT ${dimensions.join(", ")} FROM ${this.wrapInParenthesis(query) as string} each_side`)
      .join(" UNION ");
    const names = [spine, ...subQueries].map((_, index) => `kehu_side_${index}_${subQueries.length}`);
    return names.reduce(
      (sql, name, index) =>
        sql
          .replace(`INNER JOIN ${name} `, () => `LEFT JOIN ${name} `)
          .replace(`${name} `, () => `${this.wrapInParenthesis([spine, ...subQueries][index]!) as string} `),
      join(names),
    );
  }
  /** To the spine, which has every combination; null-safe in a form that DuckDB hashes. */
  override dimensionsJoinCondition(_left: string, right: string): string {
    const dimensions = this.dimensionAliasNames() as string[];
    return dimensions.map((name) => `q_0.${name} IS NOT DISTINCT FROM ${right}.${name}`).join(" AND ") || "1 = 1";
  }
}
