/** `kehu semantic`: Cube's API over any model folder and any DuckDB file, in a process of its own. */
import { statSync } from "node:fs";
import { serve } from "@hono/node-server";
import type { SnapshotPointer } from "@kehu/ingest";
import { jwtVerify } from "jose";
import { createSemanticApp } from "./app.ts";
import type { ErrorLog } from "./reader.ts";

export interface StandaloneOptions {
  /** Folder of Cube YAML. */
  model: string;
  /** DuckDB file; opened read-only. */
  database: string;
  port: number;
  host?: string;
  /** HS256 secret of the tokens; their content is not looked at. */
  secret: string;
  timezone?: string;
  logger: ErrorLog;
}

/**
 * Serves until `close`. Every valid token may read everything: the file has no users. A snapshot of ours (with `meta.marts`) keeps its rule that
 * what declares no scope does not exist. Custom granularities and the order of text are as with Cube on Postgres, so that answers can be compared.
 */
export const serveStandalone = async (options: StandaloneOptions): Promise<{ port: number; close: () => Promise<void> }> => {
  const secret = new TextEncoder().encode(options.secret);
  const modified = statSync(options.database).mtime.toISOString();
  const pointer: SnapshotPointer = {
    build: modified,
    file: options.database,
    lsn: "0/0",
    freshTo: modified,
    finishedAt: modified,
    failedTests: 0,
    changed: [],
  };
  const app = await createSemanticApp({
    modelDir: options.model,
    snapshots: { current: () => pointer, onChange: () => () => undefined },
    authenticate: async (request) => {
      const token = request.headers.get("authorization")?.replace(/^Bearer\s+/i, "");
      if (!token) return null;
      const valid = await jwtVerify(token, secret, { algorithms: ["HS256"] }).then(
        () => true,
        () => false,
      );
      return valid ? { scope: "unrestricted", locale: "zh-CN" } : null;
    },
    timezone: options.timezone ?? "UTC",
    weekStart: "monday",
    fiscalYearStart: "01-01",
    clock: () => new Date(),
    logger: options.logger,
    bins: "cube",
    collation: null,
    ungoverned: true,
  });
  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const starting = serve({ fetch: app.fetch, port: options.port, hostname: options.host ?? "127.0.0.1" }, () => resolve(starting));
    starting.once("error", reject);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
      await app.close();
    },
  };
};
