import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { clockFrom, createLogger, type Scope } from "@kehu/operational-api";
import { createSemanticApp, watchSnapshots, type Caller } from "@kehu/semantic";
import type { Channel, Running } from "./child.ts";
import { equalSecrets } from "./equal-secrets.ts";
import { duckdbBudget, readChildSettings } from "./settings.ts";

const modelDir = fileURLToPath(new URL("../semantic/model", import.meta.url));
const keptScopes = 1_000;

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
      if (!equalSecrets(request.headers.get("x-kehu-internal"), settings.internalSecret)) return null;
      const userId = request.headers.get("x-kehu-user");
      const version = request.headers.get("x-kehu-scope-version");
      if (!userId || !version) return null;
      const scope = await scopes.read(userId, version);
      const locale: Caller["locale"] = request.headers.get("accept-language")?.toLowerCase().startsWith("en") ? "en" : "zh-CN";
      return scope && { scope, locale };
    },
    timezone: settings.timezone,
    weekStart: settings.weekStart,
    fiscalYearStart: settings.fiscalYearStart,
    clock: clockFrom(settings),
    logger,
  });
  const { server, port } = await listen(app.fetch);
  channel.send({ type: "ready", service: "query", ports: { query: port } });
  return {
    stop: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      snapshots.close();
      await app.close();
    },
  };
}

function listen(fetch: (request: Request) => Response | Promise<Response>): Promise<{ server: ReturnType<typeof serve>; port: number }> {
  return new Promise((resolve) => {
    const server = serve({ fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve({ server, port }));
  });
}

/** Scopes by user and version, from the web process; a new version is a new key, so nothing stale is ever used. */
function createScopeReader(internalSecret: string, channel: Channel): { read(userId: string, version: string): Promise<Scope | null> } {
  let internalPort: number | undefined;
  channel.onMessage((message) => {
    if (message.type === "ports") internalPort = message.ports.internal;
  });
  const known = new Map<string, Scope>();
  return {
    read: async (userId, version) => {
      const key = `${userId} ${version}`;
      const found = known.get(key);
      if (found) return found;
      if (!internalPort) return null;
      const answer = await fetch(`http://127.0.0.1:${internalPort}/internal/scope/${encodeURIComponent(userId)}`, {
        headers: { "x-kehu-internal": internalSecret },
      });
      if (!answer.ok) return null;
      const scope = (await answer.json()) as Scope;
      if (known.size >= keptScopes) known.delete(known.keys().next().value ?? "");
      known.set(`${userId} ${scope.version}`, scope);
      return scope;
    },
  };
}
