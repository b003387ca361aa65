import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { getRequestListener, serve } from "@hono/node-server";
import { Hono } from "hono";
import { createApi, createAuth, createAuthRoutes, createPool, startSealer } from "@kehu/operational-api";
import { clockFrom, createLogger, isLoopbackName } from "@kehu/operational-api/definitions";
import { createPortalHandler, type InProcessApi } from "@kehu/portal";
import type { Channel, Running } from "./child.ts";
import { createHealth } from "./health.ts";
import { createLiveChannel } from "./live-channel.ts";
import type { MirrorHealth, Ports } from "./messages.ts";
import { createServed } from "./served.ts";
import { createSemanticProxy } from "./semantic-proxy.ts";
import { readChildSettings } from "./settings.ts";
import { createSqlProxy } from "./sql-proxy.ts";
import { answerUnreadable, createErrorHandler } from "./unreadable-requests.ts";

const closeGraceMs = 3_000;
const isApi = (path: string): boolean => path.startsWith("/api/") || path.startsWith("/cubejs-api/") || path === "/healthz";

/**
 * Where a page asked for as http://127.0.0.1 belongs when KEHU_URL says http://localhost, or the other way round: changes are accepted from KEHU_URL only,
 * so a user at the other name could not even sign in. Null for everything else.
 */
function otherLoopbackName(request: IncomingMessage, url: string): string | null {
  const { host } = request.headers;
  const home = new URL(url);
  if (request.method !== "GET" || !host || host === home.host || !URL.canParse(`http://${host}`)) return null;
  const asked = new URL(`http://${host}`);
  if (!isLoopbackName(asked.hostname) || !isLoopbackName(home.hostname) || asked.port !== home.port) return null;
  return `${home.origin}${request.url ?? "/"}`;
}

/** The only open port: operational API and accounts, the semantic API, the live channel, the portal. */
export async function runWeb(channel: Channel): Promise<Running> {
  const settings = readChildSettings(process.env);
  const logger = createLogger({ service: "web", level: settings.logLevel });
  const clock = clockFrom(settings);
  let ports: Ports = {};
  const served = createServed();
  let mirror: MirrorHealth = { lagSeconds: null, appliedLsn: null };
  channel.onMessage((message) => {
    if (message.type === "ports") ports = message.ports;
    else if (message.type === "mirror") mirror = message.health;
    else served.set(message.serving);
  });

  const pool = createPool(settings.databaseUrl);
  const auth = createAuth({ url: settings.databaseUrl, config: settings, internalSecret: settings.internalSecret, logger });
  const app = new Hono();
  app.route("/", createHealth({ serving: served.current, mirror: () => mirror }));
  app.route("/", createLiveChannel({ served, authenticate: auth.authenticate }));
  app.route(
    "/",
    createSemanticProxy({ authenticate: auth.authenticate, queryPort: () => ports.query, internalSecret: settings.internalSecret }),
  );
  app.route(
    "/",
    createSqlProxy({
      authenticate: auth.authenticate,
      sandboxPort: () => ports.sandbox,
      internalSecret: settings.internalSecret,
      origin: settings.url,
      writes: { pool, clock, settings: { currency: settings.currency, timezone: settings.timezone } },
    }),
  );
  app.route("/", createApi({ pool, auth, config: settings, clock, logger }));

  const portal = await createPortalHandler();
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false, errorHandler: createErrorHandler(logger) });
  const inProcess = (incoming: IncomingMessage, outgoing: ServerResponse): InProcessApi => ({
    fetch: (request) => app.fetch(request, { incoming, outgoing }),
  });
  const server = createServer((request, response) => {
    if (isApi(request.url ?? "/")) {
      void listener(request, response);
      return;
    }
    const elsewhere = otherLoopbackName(request, settings.url);
    if (elsewhere) {
      response.writeHead(307, { location: elsewhere }).end();
      return;
    }
    portal(Object.assign(request, { kehu: inProcess(request, response) }), response, () => {
      response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("Not found\n");
    });
  });
  answerUnreadable(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new Error(`PORT ${settings.port} is taken on ${settings.host}; stop what listens there, or set PORT`)
          : error,
      );
    });
    server.listen(settings.port, settings.host, resolve);
  });

  const internal = await new Promise<{ server: ReturnType<typeof serve>; port: number }>((resolve) => {
    const listening = serve({ fetch: createAuthRoutes(auth).fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) =>
      resolve({ server: listening, port }),
    );
  });
  // Last: a start that fails must not be kept alive by it.
  const sealer = startSealer({ url: settings.databaseUrl, logger });
  channel.send({ type: "ready", service: "web", ports: { internal: internal.port } });

  return {
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      internal.server.close();
      // Event streams never end by themselves; requests under way get a moment.
      server.closeIdleConnections();
      const killer = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await closed;
      clearTimeout(killer);
      await sealer.stop();
      await auth.close();
      await pool.end();
    },
  };
}
