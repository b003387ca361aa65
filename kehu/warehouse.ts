import { fileURLToPath } from "node:url";
import { createMirror, openWarehouse } from "@kehu/ingest";
import { createLiveBuilder } from "@kehu/models";
import { clockFrom, createLogger, publicationName } from "@kehu/operational-api";
import type { Channel, Running } from "./child.ts";
import { projectVars } from "./project-vars.ts";
import { duckdbBudget, readChildSettings } from "./settings.ts";

const healthEveryMs = 500;
const projectDir = fileURLToPath(new URL("../models", import.meta.url));

/** The one writer of DuckDB: mirrors Postgres, builds the models on each change, publishes snapshots. */
export async function runWarehouse(channel: Channel): Promise<Running> {
  const settings = readChildSettings(process.env);
  const logger = createLogger({ service: "warehouse", level: settings.logLevel });
  const clock = clockFrom(settings);
  const warehouse = await openWarehouse({ dir: settings.warehouseDir, ...duckdbBudget("warehouse") });
  const mirror = createMirror({ sourceUrl: settings.databaseUrl, schema: "crm", publication: publicationName, slot: "kehu_mirror", warehouse, logger, clock });
  const builder = createLiveBuilder({
    warehouse,
    mirror,
    projectDir,
    vars: projectVars(settings),
    clock,
    publishSeconds: settings.publishSeconds,
    logger,
  });
  await mirror.start();
  await builder.start();
  const report = (): void => channel.send({ type: "mirror", health: { lagSeconds: mirror.lagSeconds(), appliedLsn: mirror.applied()?.lsn ?? null } });
  const timer = setInterval(report, healthEveryMs);
  report();
  channel.send({ type: "ready", service: "warehouse", ports: {} });
  return {
    stop: async () => {
      clearInterval(timer);
      await builder.stop();
      await mirror.stop();
      warehouse.close();
    },
  };
}
