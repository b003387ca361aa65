/** Cube's REST API over the engine: `/cubejs-api/v1/{meta,load,sql,dry-run}`, GET and POST, as `@cubejs-client/core` speaks it; beside it our `catalogue`, `health` and `lineage`. */
import { Hono } from "hono";
import type { Context } from "hono";
import type { DuckDBBudget, SnapshotPointer } from "@kehu/ingest";
import { grantOf } from "./policy.ts";
import { readSnapshotHealth, type HealthAnswer } from "./snapshot-health.ts";
import { seenInputs, seenNodes } from "./catalogue.ts";
import type { SeenNode } from "./catalogue.ts";
import { createEngine } from "./engine.ts";
import type { Ask } from "./engine.ts";
import { pivotQuery } from "./cube.ts";
import type { Bins, WeekStart } from "./dialect.ts";
import { QueryError } from "./errors.ts";
import { createGate } from "./gate.ts";
import { loadModel } from "./model.ts";
import type { Locale } from "./model.ts";
import { createMemberLineage } from "./member-lineage.ts";
import { createPlanner } from "./plan.ts";
import type { Plan } from "./plan.ts";
import type { CallerScope } from "./policy.ts";
import type { QueryRequest } from "./query.ts";
import { createReader, parseWaitFor } from "./reader.ts";
import type { ErrorLog, SnapshotSource } from "./reader.ts";

export interface Caller {
  scope: CallerScope;
  locale: Locale;
}

export interface SemanticOptions {
  /** Folder of Cube YAML. */
  modelDir: string;
  snapshots: SnapshotSource;
  /** Null: 401. */
  authenticate: (request: Request) => Promise<Caller | null>;
  /** IANA name: of queries that name none. */
  timezone: string;
  weekStart: WeekStart;
  /** `MM-DD`. */
  fiscalYearStart: string;
  clock: () => Date;
  logger: ErrorLog;
  /** Called when a snapshot is the one that answers from now on: only then is it true to tell a page of it. */
  onServing?: (pointer: SnapshotPointer) => void;
  /** Result cache; on by default. */
  cache?: boolean;
  budget?: DuckDBBudget;
  /** Custom granularities; `calendar` by default. */
  bins?: Bins;
  /** Of text in ORDER BY; `zh` (pinyin) by default. */
  collation?: string | null;
  /** Serve a file that declares no marts as a whole. Only for files that are not ours. */
  ungoverned?: boolean;
}

export interface SemanticApp extends Hono {
  /** Ends the subscription to snapshots and closes the open one. */
  close: () => Promise<void>;
}

const cacheBytes = 128 * 1024 * 1024;
const waitForMs = 10_000;

export const createSemanticApp = async (options: SemanticOptions): Promise<SemanticApp> => {
  const { timezone, weekStart, fiscalYearStart, clock, logger, authenticate } = options;
  const model = await loadModel(options.modelDir);
  const gate = await createGate();
  const reader = createReader(options.snapshots, options.budget ?? {}, logger, {
    ungoverned: options.ungoverned ?? false,
    ...(options.onServing ? { onServing: options.onServing } : {}),
  });
  const planner = createPlanner(model, {
    weekStart,
    bins: options.bins ?? "calendar",
    collation: options.collation === undefined ? "zh" : options.collation,
  });
  const memberLineage = createMemberLineage(planner, timezone);
  const engine = createEngine({
    planner,
    gate,
    reader,
    calendar: { clock, weekStart, fiscalYearStart },
    timezone,
    logger,
    cacheBytes: options.cache === false ? 0 : cacheBytes,
  });

  const askOf = async (c: Context): Promise<Ask> => {
    const caller = await authenticate(c.req.raw);
    if (!caller) throw new QueryError(401, "Authorization header isn't set or its token is not valid");
    const purpose = c.req.header("kehu-purpose") ?? "read";
    if (purpose !== "read" && purpose !== "export") throw new QueryError(400, `Kehu-Purpose is 'read' or 'export', not '${purpose}'`);
    return { scope: caller.scope, purpose, locale: localeOf(c.req.header("accept-language")) ?? caller.locale };
  };

  /** `query`, `queryType` and `waitFor` from the URL of a GET or the body of a POST. */
  const inputOf = async (c: Context): Promise<{ request: QueryRequest; multi: boolean; waitFor: string | undefined }> => {
    let body: Record<string, unknown> = c.req.query();
    if (c.req.method === "POST") {
      try {
        body = { ...body, ...((await c.req.json()) as Record<string, unknown>) };
      } catch (cause) {
        throw new QueryError(400, "The request body is not JSON", { cause });
      }
    }
    if (body["query"] === undefined) throw new QueryError(400, "Query param is required");
    const waitFor = c.req.header("kehu-wait-for") ?? body["waitFor"];
    if (waitFor !== undefined) parseWaitFor(String(waitFor));
    return {
      request: engine.parse(body["query"]),
      multi: body["queryType"] === "multi",
      waitFor: waitFor === undefined ? undefined : String(waitFor),
    };
  };

  const readCatalogue = ({ scope, purpose, locale }: Ask): Promise<{ build: string; nodes: SeenNode[] }> =>
    reader.use(async ({ pointer, snapshot }) => ({
      build: pointer.build,
      nodes: seenNodes(await snapshot.catalogue(), snapshot.marts, snapshot.grantedMarts(scope, purpose), locale, (node) =>
        snapshot.hiddenColumns(scope, node),
      ),
    }));

  const handlers: Record<string, (c: Context, ask: Ask) => Promise<Response>> = {
    meta: async (c, ask) => c.json({ cubes: await engine.meta(ask) }),

    /** Not Cube's: the models behind the figures, as far as the caller may know of them. */
    catalogue: async (c, ask) => c.json(await readCatalogue(ask)),

    /** Not Cube's: what the served snapshot says of itself, as far as the caller may know of it. */
    health: async (c, { scope, purpose }) =>
      c.json(
        await reader.use<HealthAnswer>(async (opened) => ({
          build: opened.pointer.build,
          builds: reader.recent(),
          ...(await opened.snapshot.withSession(scope, purpose, (session) =>
            readSnapshotHealth(session, opened, (entity) => grantOf(scope, purpose, entity).rows === "all"),
          )),
        })),
      ),

    /** Not Cube's: `?member=orders.amount`, the columns of marts it is made of. */
    lineage: async (c, ask) => {
      const member = c.req.query("member");
      if (!member) throw new QueryError(400, "Query param 'member' is required: the name of a measure or dimension");
      const cube = member.split(".")[0];
      const inputs = await memberLineage.inputsOf(member);
      if (!(await engine.meta(ask)).some(({ name }) => name === cube)) throw new QueryError(403, `You may not read '${cube}'`);
      const { nodes } = await readCatalogue(ask);
      return c.json({ member, ...seenInputs(inputs, nodes) });
    },

    load: async (c, ask) => {
      const { request, multi, waitFor } = await inputOf(c);
      if (!multi && request.type !== "regularQuery")
        throw new QueryError(400, `'${request.type}' query type is not supported by the client. Please update the client.`);
      if (waitFor !== undefined) await reader.waitFor(waitFor, waitForMs);
      const { type, results, pivotQuery, pointer, cached } = await engine.load(request, ask);
      c.header("Kehu-Fresh", `${pointer.lsn} ${pointer.freshTo}`);
      c.header("Kehu-Cache", cached ? "hit" : "miss");
      return c.json(multi ? { queryType: type, results, pivotQuery, slowQuery: false } : results[0]!);
    },

    sql: async (c, ask) => {
      const { request } = await inputOf(c);
      const answers = (await engine.plan(request, ask)).map((plan) => ({ sql: describe(plan), dataSource: "default" }));
      return c.json(request.type === "regularQuery" ? answers[0]! : answers);
    },

    "dry-run": async (c, ask) => {
      const { request } = await inputOf(c);
      const plans = await engine.plan(request, ask);
      return c.json({
        queryType: request.type,
        normalizedQueries: request.queries,
        queryOrder: plans.map(orderOf),
        transformedQueries: plans.map(() => null),
        pivotQuery: pivotQuery(request.type, request.queries),
      });
    },
  };

  const app = new Hono();
  app.use("*", async (c, next) => {
    await next();
    c.header("Cache-Control", "private, no-store");
  });
  for (const [name, handle] of Object.entries(handlers))
    app.on(["GET", "POST"], `/cubejs-api/v1/${name}`, async (c) => handle(c, await askOf(c)));
  app.notFound((c) => c.json({ error: `${c.req.path} not found` }, 404));
  app.onError((error, c) => {
    if (error instanceof QueryError) return c.json({ error: error.message }, error.status);
    logger.error({ err: error, path: c.req.path }, "semantic request failed");
    return c.json({ error: "Internal error" }, 500);
  });

  return Object.assign(app, {
    close: async () => {
      await reader.close();
      await gate.close();
      memberLineage.close();
    },
  });
};

const orderOf = (plan: Plan): Record<string, "asc" | "desc"> =>
  Object.fromEntries(plan.order.map(({ id, desc }) => [id, desc ? "desc" : "asc"]));

const describe = (plan: Plan) => ({
  sql: [plan.sql, plan.params],
  aliasNameToMember: plan.members,
  order: orderOf(plan),
  external: false,
  dataSource: "default",
});

/** The first language of Accept-Language that we have; undefined when it names none of them. */
const localeOf = (header: string | undefined): Locale | undefined => {
  for (const part of (header ?? "").split(",")) {
    const language = part.split(";")[0]!.trim().toLowerCase();
    if (language.startsWith("zh")) return "zh-CN";
    if (language.startsWith("en")) return "en";
  }
  return undefined;
};
