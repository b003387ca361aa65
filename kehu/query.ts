import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clockFrom, createLogger } from "@kehu/operational-api/definitions";
import { createSemanticApp, watchSnapshots } from "@kehu/semantic";
import type { Channel, Running } from "./child.ts";
import { listenInside } from "./listen-inside.ts";
import { createScopeReader, localeOf } from "./scope-reader.ts";
import { duckdbBudget, readChildSettings } from "./settings.ts";

const modelDir = fileURLToPath(new URL("../semantic/model", import.meta.url));

/** The semantic API on the published snapshot. Answers only the web process, which says whose question it is. */
export async function runQuery(channel: Channel): Promise<Running> {
  const settings = readChildSettings(process.env);
  const logger = createLogger({ service: "query", level: settings.logLevel });
  const scopes = createScopeReader(settings.internalSecret, channel);
  await mkdir(join(settings.warehouseDir, "snapshots"), { recursive: true });
  const snapshots = await watchSnapshots(settings.warehouseDir);
  const app = await createSemanticApp({
    modelDir,
    snapshots,
    budget: duckdbBudget("query"),
    onServing: ({ build, lsn, freshTo, finishedAt, failedTests, changed }) =>
      channel.send({ type: "serving", serving: { build, lsn, freshTo, finishedAt, failedTests, changed } }),
    authenticate: async (request) => {
      const scope = await scopes.of(request);
      return scope && { scope, locale: localeOf(request) };
    },
    timezone: settings.timezone,
    weekStart: settings.weekStart,
    fiscalYearStart: settings.fiscalYearStart,
    clock: clockFrom(settings),
    logger,
  });
  const { server, port } = await listenInside(app.fetch);
  channel.send({ type: "ready", service: "query", ports: { query: port } });
  return {
    stop: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      snapshots.close();
      await app.close();
    },
  };
}
