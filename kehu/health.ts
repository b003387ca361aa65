import { readFileSync } from "node:fs";
import { Hono } from "hono";
import type { MirrorHealth, Serving } from "./messages.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

/** `GET /healthz`: 200 when pages can be answered with figures, 503 until then. Shape: contract of the product, no figures of the company in it. */
export function createHealth(options: { serving: () => Serving | null; mirror: () => MirrorHealth }): Hono {
  const app = new Hono();
  app.get("/healthz", (context) => {
    const serving = options.serving();
    context.header("cache-control", "no-store");
    if (serving) context.header("kehu-fresh", `${serving.lsn} ${serving.freshTo}`);
    const build = serving && {
      id: serving.build,
      finishedAt: serving.finishedAt,
      lsn: serving.lsn,
      freshTo: serving.freshTo,
      failedTests: serving.failedTests,
    };
    return context.json({ status: serving ? "ok" : "starting", version, mirror: options.mirror(), build }, serving ? 200 : 503);
  });
  return app;
}
