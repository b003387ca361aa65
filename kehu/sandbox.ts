import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@kehu/operational-api/definitions";
import { createSqlApp, lowerPriority, sandboxPriority, watchSnapshots } from "@kehu/semantic/sandbox";
import type { Channel, Running } from "./child.ts";
import { listenInside } from "./listen-inside.ts";
import { createScopeReader, localeOf } from "./scope-reader.ts";
import { duckdbBudget, memoryShareMiB, readChildSettings } from "./settings.ts";

/** Ad-hoc SQL, apart from the dashboards. Answers only the web process, which says whose statement it is; the SQL itself runs in processes of its own. */
export async function runSandbox(channel: Channel): Promise<Running> {
  lowerPriority(sandboxPriority);
  const settings = readChildSettings(process.env);
  const logger = createLogger({ service: "sandbox", level: settings.logLevel });
  const scopes = createScopeReader(settings.internalSecret, channel);
  await mkdir(join(settings.warehouseDir, "snapshots"), { recursive: true });
  // By the process's id: the writer removes the folders of processes that are no more.
  const folder = join(settings.warehouseDir, "spill", `${process.pid}`, "sql");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const snapshots = await watchSnapshots(settings.warehouseDir);
  const app = createSqlApp({
    snapshots,
    folder,
    memoryMiB: memoryShareMiB("sandbox"),
    threads: duckdbBudget("sandbox").threads,
    logger,
    authenticate: async (request) => {
      const scope = await scopes.of(request);
      return scope && { userId: scope.userId, roles: scope.roles, scope, locale: localeOf(request) };
    },
  });
  const { server, port } = await listenInside(app.fetch);
  channel.send({ type: "ready", service: "sandbox", ports: { sandbox: port } });
  return {
    stop: async () => {
      snapshots.close();
      await app.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
