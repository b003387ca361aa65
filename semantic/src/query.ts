/** From what a client sends to normalised queries: type, company defaults, dates resolved, every member known. */
import { resolveRange } from "./calendar.ts";
import type { CompanyCalendar } from "./calendar.ts";
import { granularitiesOf, normalizeQuery } from "./cube.ts";
import type { Filter, NormalizedQuery, QueryType } from "./cube-types.ts";
import { QueryError } from "./errors.ts";
import type { Model } from "./model.ts";
import { nearest } from "./nearest.ts";

export const defaultLimit = 10_000;
export const maximumLimit = 1_000_000;

export interface QueryRequest {
  type: QueryType;
  queries: NormalizedQuery[];
}

type Raw = Record<string, unknown>;

/** Cube's SQL API sends SQL in these; over HTTP they would be a way around the model. */
const refusedKeys = ["subqueryJoins", "joinHints", "maskedMembers"];

const absolute = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$/;
const rangeOperators = new Set(["inDateRange", "notInDateRange", "onTheDate"]);
const startOperators = new Set(["beforeDate", "afterOrOnDate"]);
const endOperators = new Set(["beforeOrOnDate", "afterDate"]);

const isObject = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);

export const parseQuery = (input: unknown, timezone: string, calendar: CompanyCalendar, model: Model): QueryRequest => {
  let value = input;
  if (typeof input === "string") {
    try {
      value = JSON.parse(input);
    } catch (cause) {
      throw new QueryError(400, "Unable to decode query parameter as JSON", { cause });
    }
  }
  if (Array.isArray(value)) {
    if (!value.length) throw new QueryError(400, "Query array is empty");
    const queries = value.map((query) => normalize(query, timezone, calendar, model));
    const granularities = granularitiesOf(queries);
    if (granularities.length > 1) throw new QueryError(400, "Data blending query granularities must match");
    if (!granularities.length) throw new QueryError(400, "Data blending query without granularity is not supported");
    return { type: "blendingQuery", queries };
  }
  const compared = compareDateRange(value);
  if (compared) return { type: "compareDateRangeQuery", queries: compared.map((query) => normalize(query, timezone, calendar, model)) };
  return { type: "regularQuery", queries: [normalize(value, timezone, calendar, model)] };
};

/** One query per compared range, or undefined when there is nothing to compare. */
const compareDateRange = (query: unknown): Raw[] | undefined => {
  if (!isObject(query) || !Array.isArray(query["timeDimensions"])) return undefined;
  const dimensions = query["timeDimensions"] as unknown[];
  const comparing = dimensions.filter((dimension): dimension is Raw => isObject(dimension) && dimension["compareDateRange"] != null);
  if (comparing.length > 1) throw new QueryError(400, "compareDateRange can only exist for one timeDimension");
  const [only] = comparing;
  if (!only) return undefined;
  if (!Array.isArray(only["compareDateRange"])) throw new QueryError(400, "compareDateRange must be an array of date ranges");
  return (only["compareDateRange"] as unknown[]).map((dateRange) => ({
    ...query,
    timeDimensions: dimensions.map((dimension) => {
      if (dimension !== only) return dimension;
      const { compareDateRange: _, ...rest } = only;
      return { ...rest, dateRange };
    }),
  }));
};

const normalize = (query: unknown, companyTimezone: string, calendar: CompanyCalendar, model: Model): NormalizedQuery => {
  if (!isObject(query)) throw new QueryError(400, "Query must be a JSON object");
  const refused = refusedKeys.find((key) => key in query);
  if (refused) throw new QueryError(400, `"${refused}" is not allowed in a query`);
  for (const key of ["measures", "dimensions", "segments"])
    for (const member of Array.isArray(query[key]) ? (query[key] as unknown[]) : [])
      if (typeof member !== "string" || member.startsWith("{"))
        throw new QueryError(400, `"${key}" must name members, expressions are not allowed`);

  const timezone = typeof query["timezone"] === "string" && query["timezone"] ? query["timezone"] : companyTimezone;
  let normal: NormalizedQuery;
  try {
    normal = normalizeQuery({
      ...query,
      timezone,
      ...(Array.isArray(query["timeDimensions"])
        ? { timeDimensions: query["timeDimensions"].map((dimension: unknown) => resolveDimension(dimension, timezone, calendar)) }
        : {}),
      ...(Array.isArray(query["filters"])
        ? { filters: query["filters"].map((filter: unknown) => resolveFilter(filter, timezone, calendar)) }
        : {}),
    });
  } catch (cause) {
    if (cause instanceof QueryError) throw cause;
    throw new QueryError(400, (cause as Error).message, { cause });
  }
  for (const key of ["cache", "cacheMode"]) delete (normal as unknown as Raw)[key];
  if (normal.limit !== undefined && normal.limit > maximumLimit)
    throw new QueryError(400, `limit ${normal.limit} exceeds the most that is answered, ${maximumLimit}`);
  checkMembers(normal, model);
  return normal;
};

const resolveDimension = (dimension: unknown, timezone: string, calendar: CompanyCalendar): unknown =>
  isObject(dimension) && typeof dimension["dateRange"] === "string"
    ? { ...dimension, dateRange: resolveRange(dimension["dateRange"], timezone, calendar) }
    : dimension;

const resolveFilter = (filter: unknown, timezone: string, calendar: CompanyCalendar): unknown => {
  if (!isObject(filter)) return filter;
  for (const group of ["and", "or"])
    if (Array.isArray(filter[group]))
      return { ...filter, [group]: filter[group].map((inner: unknown) => resolveFilter(inner, timezone, calendar)) };
  const { operator, values } = filter;
  if (typeof operator !== "string" || !Array.isArray(values) || values.length !== 1) return filter;
  const [value] = values as unknown[];
  if (typeof value !== "string" || absolute.test(value)) return filter;
  if (rangeOperators.has(operator)) return { ...filter, values: resolveRange(value, timezone, calendar) };
  if (startOperators.has(operator)) return { ...filter, values: [resolveRange(value, timezone, calendar)[0]] };
  if (endOperators.has(operator)) return { ...filter, values: [resolveRange(value, timezone, calendar)[1]] };
  return filter;
};

const filterMembers = (filters: Filter[]): string[] =>
  filters.flatMap((filter) => ("or" in filter ? filterMembers(filter.or) : "and" in filter ? filterMembers(filter.and) : [filter.member]));

/** Every member a query names, without granularity. */
export const membersOf = (query: NormalizedQuery): string[] => [
  ...(query.measures ?? []),
  ...query.dimensions,
  ...query.timeDimensions.map((dimension) => dimension.dimension),
  ...filterMembers(query.filters),
  ...(query.segments ?? []),
  ...(query.order ?? []).map(([member]) => member.split(".").slice(0, 2).join(".")),
];

const checkMembers = (query: NormalizedQuery, model: Model): void => {
  const expect = (member: string, kinds: ("measure" | "dimension" | "segment")[]) => {
    const kind = model.members.get(member)?.kind;
    if (kind && kinds.includes(kind)) return;
    const candidates = [...model.members.entries()].filter(([, { kind }]) => kinds.includes(kind)).map(([name]) => name);
    const close = nearest(member, candidates);
    const what = kind ? `'${member}' is a ${kind}, not a ${kinds.join(" or ")}` : `'${member}' not found`;
    throw new QueryError(400, `${what} for path '${member}'${close.length ? `. Nearest: ${close.join(", ")}` : ""}`);
  };
  for (const member of query.measures ?? []) expect(member, ["measure"]);
  for (const member of query.dimensions) expect(member, ["dimension"]);
  for (const { dimension, granularity } of query.timeDimensions) {
    expect(dimension, ["dimension"]);
    const member = model.members.get(dimension);
    if (member?.type !== "time") throw new QueryError(400, `'${dimension}' is not a time dimension`);
    const known = [...standardGranularities, ...(member.granularities ?? [])];
    if (granularity && !known.includes(granularity))
      throw new QueryError(
        400,
        `Granularity '${granularity}' of '${dimension}' not found. Nearest: ${nearest(granularity, known).join(", ")}`,
      );
  }
  for (const member of filterMembers(query.filters)) expect(member, ["measure", "dimension"]);
  for (const member of query.segments ?? []) expect(member, ["segment"]);
};

/** Smallest first. */
export const standardGranularities = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
