/** Plan -> policy -> execute -> annotate, for one caller. Knows nothing of HTTP. */
import type { SnapshotPointer } from "@kehu/ingest";
import type { CompanyCalendar } from "./calendar.ts";
import { pivotQuery, prepareAnnotation } from "./cube.ts";
import type { Filter, MetaCube, NormalizedQuery, QueryType } from "./cube-types.ts";
import { QueryError } from "./errors.ts";
import type { Gate } from "./gate.ts";
import type { Locale } from "./model.ts";
import type { Plan, Planner } from "./plan.ts";
import { policyMarts, rightsOf } from "./policy.ts";
import type { CallerScope, Purpose } from "./policy.ts";
import { defaultLimit, membersOf, parseQuery } from "./query.ts";
import type { QueryRequest } from "./query.ts";
import type { ErrorLog, Reader } from "./reader.ts";
import { packRows, shapeRows } from "./rows.ts";
import type { Row } from "./rows.ts";
import { SizedCache } from "./sized-cache.ts";
import type { Snapshot } from "./snapshot.ts";
import { createVisibility } from "./visibility.ts";

/** An answer is as fresh as the least fresh thing it was made from. */
const leastFresh = (times: readonly [string, ...string[]]): string =>
  times.reduce((oldest, time) => (Date.parse(time) < Date.parse(oldest) ? time : oldest));

export interface Ask {
  scope: CallerScope;
  purpose: Purpose;
  locale: Locale;
}

/** One element of `results` in Cube's answer, with our additions. */
export interface LoadResult {
  query: NormalizedQuery;
  lastRefreshTime: string;
  annotation: Record<string, Record<string, unknown>>;
  dataSource: "default";
  dbType: "duckdb";
  external: false;
  slowQuery: false;
  total: number | null;
  /** Only there when rows were left off because the query named no limit. */
  truncated?: true;
  kehu: { build: string; lsn: string; freshTo: string; marts: string[]; failedTests: string[] };
  data: unknown;
}

export interface Loaded {
  type: QueryType;
  results: LoadResult[];
  pivotQuery: Record<string, unknown>;
  pointer: SnapshotPointer;
  /** All results came from the cache. */
  cached: boolean;
}

export interface Engine {
  parse: (query: unknown) => QueryRequest;
  load: (request: QueryRequest, ask: Ask) => Promise<Loaded>;
  /** The plans of a request, refused like `load` refuses. */
  plan: (request: QueryRequest, ask: Ask) => Promise<Plan[]>;
  meta: (ask: Ask) => Promise<MetaCube[]>;
}

export interface EngineOptions {
  planner: Planner;
  gate: Gate;
  reader: Reader;
  calendar: CompanyCalendar;
  timezone: string;
  /** Bytes of results kept; 0 turns the result cache off. */
  cacheBytes: number;
  logger: ErrorLog;
}

interface CachedResult {
  rows: Row[];
  total: number | null;
  truncated: boolean;
}

export const createEngine = ({ planner, gate, reader, calendar, timezone, cacheBytes, logger }: EngineOptions): Engine => {
  const { model } = planner;
  const visibility = createVisibility(planner, gate, timezone, logger);
  const results = new SizedCache<CachedResult>(cacheBytes);
  const hiddenMembers = new SizedCache<ReadonlySet<string>>(1024 * 1024);

  /** What lacks a column in the caller's views does not bind. Throws 403 that names each member, used in whatever way, that needs such a column. */
  const checkColumns = async (query: NormalizedQuery, plan: Plan, ask: Ask, snapshot: Snapshot): Promise<void> => {
    if (!snapshot.hidesColumns(ask.scope, ask.purpose)) return;
    const unreadable = await snapshot.withSession(ask.scope, ask.purpose, async ({ binds }) => {
      // Each member by itself: a statement whose parameters have no type yet binds only when it runs, and a sort by what is not selected is left out of it.
      const members = [...new Set(membersOf(query))];
      const failing: string[] = [];
      for (const member of members) if (!(await binds(visibility.sqlOf(member)))) failing.push(member);
      return failing.length > 0 || (await binds(plan.sql)) ? failing : members;
    });
    if (unreadable.length === 0) return;
    const names = unreadable.map((member) => `'${member}'`).join(", ");
    throw new QueryError(403, `You may not read ${names}: made of columns that are hidden from you`);
  };

  /** The cube without the members that are made of columns hidden from the caller. */
  const shownCube = async (cube: MetaCube, ask: Ask, snapshot: Snapshot): Promise<MetaCube> => {
    const key = `${rightsOf(ask.scope)} ${ask.purpose} ${cube.name} ${snapshot.columnsKey}`;
    const known = hiddenMembers.get(key);
    const hidden = known ?? (await findHidden(cube, ask, snapshot));
    if (!known) hiddenMembers.set(key, hidden, 100 + 50 * hidden.size);
    const isShown = ({ name }: { name: string }): boolean => !hidden.has(name);
    return {
      ...cube,
      measures: cube.measures.filter(isShown),
      dimensions: cube.dimensions.filter(isShown),
      segments: cube.segments.filter(isShown),
    };
  };
  const findHidden = (cube: MetaCube, ask: Ask, snapshot: Snapshot): Promise<ReadonlySet<string>> =>
    snapshot.withSession(ask.scope, ask.purpose, async ({ binds }) => {
      const hidden = new Set<string>();
      for (const { name } of [...cube.measures, ...cube.dimensions, ...cube.segments])
        if (!(await binds(visibility.sqlOf(name)))) hidden.add(name);
      return hidden;
    });

  /** The marts a plan reads. Throws 403 naming the views when the caller may not read all of them. */
  const checkGrants = async (query: NormalizedQuery, plan: Plan, ask: Ask, snapshot: Snapshot): Promise<string[]> => {
    if (!snapshot.governed) return [];
    const marts = await gate.relations(plan.sql);
    const granted = snapshot.grantedMarts(ask.scope, ask.purpose);
    if (marts.every((mart) => granted.has(mart))) {
      await checkColumns(query, plan, ask, snapshot);
      return marts;
    }
    const views = [...new Set(membersOf(query).map((member) => member.split(".")[0]!))];
    throw new QueryError(403, `You may not ${ask.purpose === "export" ? "export" : "read"} ${views.map((view) => `'${view}'`).join(", ")}`);
  };

  const execute = async (query: NormalizedQuery, type: QueryType, plan: Plan, ask: Ask, snapshot: Snapshot): Promise<CachedResult> =>
    snapshot.withSession(ask.scope, ask.purpose, async ({ run }) => {
      const count = async (): Promise<number> => {
        const total = planner.plan(query, { total: true });
        return Number((await run(total.sql, total.params)).value(0, 0));
      };
      let reader;
      try {
        reader = await run(plan.sql, plan.params);
      } catch (cause) {
        const message = (cause as Error).message;
        // A value that does not fit its column's type is the asker's; anything else is ours.
        if (message.startsWith("Conversion Error")) throw new QueryError(400, message.split("\n")[0]!, { cause });
        throw new Error(`${message}\n${plan.sql}`, { cause });
      }
      const rows = shapeRows(reader, plan.members, query, type);
      const truncated = query.limit === undefined && rows.length > defaultLimit;
      if (truncated) rows.length = defaultLimit;
      return { rows, truncated, total: query.total || truncated ? await count() : null };
    });

  /**
   * Rolling windows run over a series of dates, so the planner needs a range: without one it is the data's own, as far as the caller sees it.
   */
  const withRange = async (query: NormalizedQuery, ask: Ask, snapshot: Snapshot): Promise<NormalizedQuery> => {
    const open = query.timeDimensions.filter((each) => each.granularity && !each.dateRange);
    if (!open.length || !query.measures?.some((measure) => model.rolling.has(measure))) return query;
    const bound = async (dimension: string, direction: "asc" | "desc"): Promise<string | undefined> => {
      const bounds: NormalizedQuery = {
        dimensions: [dimension],
        timeDimensions: [],
        filters: [...query.filters.filter((filter) => !namesMeasure(filter)), { member: dimension, operator: "set" }],
        ...(query.segments ? { segments: query.segments } : {}),
        order: [[dimension, direction]],
        limit: 1,
        timezone: query.timezone,
      };
      const plan = planner.plan(bounds);
      await checkGrants(bounds, plan, ask, snapshot);
      const { rows } = await execute(bounds, "regularQuery", plan, ask, snapshot);
      return rows[0]?.[dimension] as string | undefined;
    };
    const ranges = new Map<string, [string, string]>();
    for (const { dimension } of open) {
      const [first, last] = [await bound(dimension, "asc"), await bound(dimension, "desc")];
      if (first && last) ranges.set(dimension, [first, last]);
    }
    return {
      ...query,
      timeDimensions: query.timeDimensions.map((each) => {
        const dateRange = each.dateRange ?? ranges.get(each.dimension);
        return dateRange ? { ...each, dateRange } : each;
      }),
    };
  };
  const namesMeasure = (filter: Filter): boolean => {
    if ("or" in filter) return filter.or.some(namesMeasure);
    if ("and" in filter) return filter.and.some(namesMeasure);
    return model.members.get(filter.member)?.kind === "measure";
  };

  const answer = async (query: NormalizedQuery, type: QueryType, ask: Ask, snapshot: Snapshot, pointer: SnapshotPointer) => {
    const ranged = await withRange(query, ask, snapshot);
    const plan = planner.plan(ranged, { limit: query.limit ?? defaultLimit + 1 });
    const marts = await checkGrants(query, plan, ask, snapshot);
    const key = JSON.stringify([
      rightsOf(ask.scope),
      ask.purpose,
      type,
      query,
      model.hash,
      // A foreign file has no versions: the file itself is one.
      snapshot.governed
        ? [...marts, ...policyMarts(marts, snapshot.marts, ask.scope)].map((mart) => snapshot.marts.get(mart)?.version)
        : pointer.build,
    ]);
    const known = results.get(key);
    const result = known ?? (await execute(ranged, type, plan, ask, snapshot));
    if (!known) results.set(key, result, sizeOf(result.rows) + key.length);
    const annotation = prepareAnnotation(model.cubes[ask.locale], query);
    const freshTo = leastFresh([pointer.freshTo, ...[...marts].flatMap((mart) => snapshot.freshTo.get(mart) ?? [])]);
    const loaded: LoadResult = {
      query,
      lastRefreshTime: new Date(freshTo).toISOString(),
      annotation,
      dataSource: "default",
      dbType: "duckdb",
      external: false,
      slowQuery: false,
      total: result.total,
      ...(result.truncated ? { truncated: true as const } : {}),
      kehu: {
        build: pointer.build,
        lsn: pointer.lsn,
        freshTo,
        marts,
        failedTests: marts.filter((mart) => snapshot.failing.has(mart)),
      },
      data: packRows(result.rows, query.responseFormat),
    };
    return { loaded, hit: known !== undefined };
  };

  // Ready for the first /meta, and the planner warm for the first dashboard.
  for (const { name } of model.cubes["zh-CN"]) void visibility.martsOf(name);

  return {
    parse: (query) => parseQuery(query, timezone, calendar, model),
    load: ({ type, queries }, ask) =>
      reader.use(async ({ pointer, snapshot }) => {
        const answers = await allEnded(queries.map((query) => answer(query, type, ask, snapshot, pointer)));
        return {
          type,
          results: answers.map(({ loaded }) => loaded),
          pivotQuery: pivotQuery(type, queries),
          pointer,
          cached: answers.every(({ hit }) => hit),
        };
      }),
    plan: ({ queries }, ask) =>
      reader.use(({ snapshot }) =>
        allEnded(
          queries.map(async (query) => {
            const plan = planner.plan(query, { limit: query.limit ?? defaultLimit });
            await checkGrants(query, plan, ask, snapshot);
            return plan;
          }),
        ),
      ),
    meta: ({ scope, purpose, locale }) =>
      reader.use(async ({ snapshot }) => {
        if (!snapshot.governed) return model.cubes[locale];
        const granted = snapshot.grantedMarts(scope, purpose);
        const readable = await Promise.all(
          model.cubes[locale].map(async (cube) => {
            const marts = await visibility.martsOf(cube.name);
            return marts !== undefined && [...marts].every((mart) => granted.has(mart));
          }),
        );
        const cubes = model.cubes[locale].filter((_, index) => readable[index]);
        if (!snapshot.hidesColumns(scope, purpose)) return cubes;
        const shown: MetaCube[] = [];
        for (const cube of cubes) shown.push(await shownCube(cube, { scope, purpose, locale }, snapshot));
        return shown.filter(({ measures, dimensions, segments }) => measures.length + dimensions.length + segments.length > 0);
      }),
  };
};

/** Like Promise.all, but a failure waits for the others: they still use the snapshot. */
const allEnded = async <T>(running: Promise<T>[]): Promise<T[]> => {
  await Promise.allSettled(running);
  return Promise.all(running);
};

/** Near enough to bound the cache: names are shared, values count. */
const sizeOf = (rows: Row[]): number => {
  const [first] = rows;
  if (!first) return 64;
  const keys = Object.keys(first);
  let size = 0;
  for (const row of rows) for (const key of keys) size += 16 + (typeof row[key] === "string" ? 2 * row[key].length : 0);
  return size;
};
