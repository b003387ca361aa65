import type { DuckDBConnection } from "@duckdb/node-api";
import { messageOf } from "./data-tests.ts";
import { ProjectError } from "./errors.ts";
import { quoteIdentifier } from "./relation.ts";
import type { Settings, Source } from "./resources.ts";
import { isSettings } from "./yaml.ts";

interface Limit {
  count: number;
  period: "minute" | "hour" | "day";
}

interface Criteria {
  warn_after: Limit | null;
  error_after: Limit | null;
  filter: string | null;
}

export interface FreshnessResult {
  uniqueId: string;
  /** `crm.orders` */
  name: string;
  status: "pass" | "warn" | "error" | "runtime error";
  /** Why it could not be asked. */
  error: string | null;
  /** Null for a source without rows. */
  maxLoadedAt: Date | null;
  snapshottedAt: Date;
  /** Seconds since `maxLoadedAt`; infinite without rows. */
  age: number;
  criteria: Settings;
  startedAt: Date;
  completedAt: Date;
}

const seconds = { minute: 60, hour: 3_600, day: 86_400 };

function readLimit(value: unknown, place: string): Limit | null {
  if (!isSettings(value) || value.count === undefined || value.count === null) return null;
  const { count, period } = value;
  if (typeof count === "number" && (period === "minute" || period === "hour" || period === "day")) return { count, period };
  throw new ProjectError(`${place} takes {count: 12, period: minute, hour or day}, found ${JSON.stringify(value)}`);
}

/** What a source's YAML asks for; null when it asks for nothing. */
function criteriaOf(source: Source): Criteria | null {
  const { freshness } = source.config;
  if (!isSettings(freshness) || typeof source.config.loaded_at_field !== "string") return null;
  const place = `${source.file}: ${source.sourceName}.${source.name}: freshness`;
  const criteria = {
    warn_after: readLimit(freshness.warn_after, `${place}.warn_after`),
    error_after: readLimit(freshness.error_after, `${place}.error_after`),
    filter: typeof freshness.filter === "string" ? freshness.filter : null,
  };
  return criteria.warn_after || criteria.error_after ? criteria : null;
}

/** Asks each source that has `loaded_at_field` and a limit how old its newest row is. */
export async function checkFreshness(
  sources: readonly Source[],
  connection: DuckDBConnection,
  now: () => Date,
  onResult: (result: FreshnessResult) => void,
): Promise<FreshnessResult[]> {
  const results: FreshnessResult[] = [];
  for (const source of sources) {
    const criteria = criteriaOf(source);
    if (!criteria) continue;
    const result = await check(source, criteria, connection, now);
    results.push(result);
    onResult(result);
  }
  return results;
}

async function check(source: Source, criteria: Criteria, connection: DuckDBConnection, now: () => Date): Promise<FreshnessResult> {
  const startedAt = now();
  const ended = (rest: Pick<FreshnessResult, "status" | "error" | "maxLoadedAt" | "age"> & { snapshottedAt?: Date }): FreshnessResult => ({
    uniqueId: source.uniqueId,
    name: `${source.sourceName}.${source.name}`,
    criteria: { ...criteria },
    snapshottedAt: startedAt,
    startedAt,
    completedAt: now(),
    ...rest,
  });
  try {
    const maxLoadedAt = await newestRow(source, criteria.filter, connection);
    const age = maxLoadedAt === null ? Number.POSITIVE_INFINITY : (startedAt.getTime() - maxLoadedAt.getTime()) / 1000;
    const over = (limit: Limit | null): boolean => limit !== null && age > limit.count * seconds[limit.period];
    const status = over(criteria.error_after) ? "error" : over(criteria.warn_after) ? "warn" : "pass";
    return ended({ status, error: null, maxLoadedAt, age });
  } catch (error) {
    return ended({ status: "runtime error", error: messageOf(error), maxLoadedAt: null, age: Number.POSITIVE_INFINITY });
  }
}

async function newestRow(source: Source, filter: string | null, connection: DuckDBConnection): Promise<Date | null> {
  const relation = [source.database, source.schema, source.identifier].map(quoteIdentifier).join(".");
  const where = filter === null ? "" : ` where ${filter}`;
  // A time without zone is UTC, as everywhere.
  const result = await connection.run(
    `select epoch_ms(cast(max(${String(source.config.loaded_at_field)}) as timestamptz)) as newest from ${relation}${where}`,
  );
  const [row] = await result.getRowsJS();
  return row?.[0] === null || row?.[0] === undefined ? null : new Date(Number(row[0]));
}

/** One entry of sources.json. */
export const freshnessRecord = (result: FreshnessResult): Settings =>
  result.status === "runtime error"
    ? { unique_id: result.uniqueId, error: result.error, status: result.status }
    : {
        unique_id: result.uniqueId,
        max_loaded_at: result.maxLoadedAt?.toISOString() ?? "0001-01-01T00:00:00Z",
        snapshotted_at: result.snapshottedAt.toISOString(),
        max_loaded_at_time_ago_in_s: Number.isFinite(result.age) ? result.age : secondsSinceYearOne(result.snapshottedAt),
        status: result.status,
        criteria: result.criteria,
        adapter_response: {},
        timing: [{ name: "execute", started_at: result.startedAt.toISOString(), completed_at: result.completedAt.toISOString() }],
        thread_id: "Thread-1",
        execution_time: (result.completedAt.getTime() - result.startedAt.getTime()) / 1000,
      };

/** JSON has no infinity: a source without rows is as old as its stated time, year one. */
const secondsSinceYearOne = (at: Date): number => (at.getTime() - Date.parse("0001-01-01T00:00:00Z")) / 1000;

/** `1 of 3 WARN freshness of crm.orders [newest row 2 h 5 min ago]` */
export function freshnessLine(result: FreshnessResult, index: number): string {
  const word = result.status === "runtime error" ? "ERROR" : result.status.toUpperCase();
  const age = result.error ?? (result.maxLoadedAt === null ? "no rows" : `newest row ${duration(result.age)} ago`);
  return `${index} ${word} freshness of ${result.name} [${age}]`;
}

function duration(age: number): string {
  const minutes = Math.floor(age / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
