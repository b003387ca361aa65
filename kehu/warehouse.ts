import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import {
  createMirror,
  keepAside,
  openWarehouse,
  readPointer,
  startLogFolding,
  startSelfCheck,
  type MirrorCheck,
  type SelfCheck,
  type Warehouse,
} from "@kehu/ingest";
import { createLiveBuilder, type LiveBuilder } from "@kehu/models";
import { clockFrom, createLogger, knownSettings, publicationName, type Logger } from "@kehu/operational-api/definitions";
import type { Channel, Running } from "./child.ts";
import { equalSecrets } from "./equal-secrets.ts";
import { rewriteForErasure, startErasures } from "./erasure.ts";
import { projectVars } from "./project-vars.ts";
import { duckdbBudget, readChildSettings } from "./settings.ts";

const healthEveryMs = 500;
/** A new demo company has forecasts of this many months gone by, so that there is something to score. */
const demoForecastMonths = 6;
const projectDir = fileURLToPath(new URL("../models", import.meta.url));

/** The one writer of DuckDB: mirrors Postgres, builds the models on each change, publishes snapshots. */
export async function runWarehouse(channel: Channel): Promise<Running> {
  const settings = readChildSettings(process.env);
  const logger = createLogger({ service: "warehouse", level: settings.logLevel });
  const clock = clockFrom(settings);
  await rewriteForErasure(settings, logger);
  const warehouse = await openWarehouse({ dir: settings.warehouseDir, ...duckdbBudget("warehouse") });
  const source = settings.databaseUrl;
  // Ended like this, the process is started again by the supervisor.
  const restart = (): boolean => process.kill(process.pid, "SIGTERM");
  const mirror = createMirror({
    sourceUrl: source,
    schema: "crm",
    publication: publicationName,
    slot: "kehu_mirror",
    warehouse,
    logger,
    broken: restart,
  });
  const vars = projectVars(settings);
  const builder = createLiveBuilder({
    warehouse,
    mirror,
    projectDir,
    vars,
    clock,
    runsFits: true,
    pastFitMonths: settings.isDemoCompany ? demoForecastMonths : 0,
    publishSeconds: settings.publishSeconds,
    logger,
  });
  let lastCheck: () => MirrorCheck | null = () => null;
  const report = (): void => {
    const progress = { lagSeconds: mirror.lagSeconds(), appliedLsn: mirror.applied()?.lsn ?? null };
    channel.send({ type: "mirror", health: { ...progress, ...mirror.condition(), lastCheck: lastCheck() } });
  };
  // From the beginning: a first copy may take long, and is to be followed.
  const timer = setInterval(report, healthEveryMs);
  report();
  await mirror.start();
  await builder.start();
  const erasures = startErasures({ settings, warehouse, mirror, logger, restart });

  const selfCheck = await startSelfCheck({ warehouse, mirror, source, schema: "crm", clock: () => new Date(), logger });
  lastCheck = selfCheck.last;
  const logFolding = await startLogFolding({
    warehouse,
    mirror,
    timezone: settings.timezone,
    // That of Postgres's commits, whatever day the business is told it is.
    clock: () => new Date(),
    keepDays: () => logDays(warehouse),
    // What the served snapshot was built of has been read; a build that runs may read again from there.
    readUpTo: async () => (await readPointer(warehouse.dir))?.lsn ?? null,
    logger,
  });
  const routes = internalRoutes({ warehouse, selfCheck, builder, logger, secret: settings.internalSecret });
  const listener = await new Promise<{ server: ReturnType<typeof serve>; port: number }>((resolve) => {
    const server = serve({ fetch: routes.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve({ server, port }));
  });
  channel.send({ type: "ready", service: "warehouse", ports: { warehouse: listener.port } });
  return {
    stop: async () => {
      clearInterval(timer);
      listener.server.close();
      await selfCheck.stop();
      await erasures.stop();
      await builder.stop();
      // A fold may wait for its turn in a mirror that is busy: it is let go when the mirror stops.
      await Promise.all([logFolding.stop(), mirror.stop()]);
      warehouse.close();
    },
  };
}

/** The company's setting, as it is mirrored, or its default. */
async function logDays(warehouse: Warehouse): Promise<number> {
  const key = "log_days";
  const connection = await warehouse.connect();
  try {
    const found = await connection.runAndReadAll("select value from raw.company_settings where key = $1 and deleted_at is null", [key]);
    return Number(found.getRows()[0]?.[0] ?? knownSettings.find((setting) => setting.key === key)!.default);
  } finally {
    connection.closeSync();
  }
}

interface InternalRoutes {
  warehouse: Warehouse;
  selfCheck: SelfCheck;
  builder: Pick<LiveBuilder, "requestFits">;
  logger: Logger;
  secret: string;
}

/** `POST /internal/verify`, `/internal/fit` and `/internal/keep-aside`, for `kehu verify`, `kehu fit` and `kehu backup` while this process holds the files. */
function internalRoutes(options: InternalRoutes): Hono {
  const { warehouse, selfCheck, builder, logger, secret } = options;
  const app = new Hono();
  app.post("/internal/verify", async (context) => {
    if (!equalSecrets(context.req.header("x-kehu-internal"), secret)) return context.notFound();
    return context.json(await selfCheck.check());
  });
  app.post("/internal/fit", (context) => {
    if (!equalSecrets(context.req.header("x-kehu-internal"), secret)) return context.notFound();
    builder.requestFits();
    return context.body(null, 202);
  });
  app.post("/internal/keep-aside", async (context) => {
    if (!equalSecrets(context.req.header("x-kehu-internal"), secret)) return context.notFound();
    const { dir } = await context.req.json<{ dir: string }>();
    await keepAside(warehouse, dir);
    return context.body(null, 204);
  });
  app.onError((error, context) => {
    logger.error({ err: error, path: context.req.path }, "an internal request failed");
    return context.json({ error: error.message }, 500);
  });
  return app;
}
