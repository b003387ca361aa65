import { readFileSync } from "node:fs";
import { Hono } from "hono";
import { readPointer } from "@kehu/ingest";
import type { MirrorHealth } from "./messages.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

/** `GET /healthz`: 200 when pages can be answered with figures, 503 until then. Shape: contract of the product, no figures of the company in it. */
export function createHealth(options: { warehouseDir: string; mirror: () => MirrorHealth; queryIsUp: () => boolean }): Hono {
  const app = new Hono();
  app.get("/healthz", async (context) => {
    const pointer = await readPointer(options.warehouseDir);
    const ready = pointer !== null && options.queryIsUp();
    context.header("cache-control", "no-store");
    if (pointer) context.header("kehu-fresh", `${pointer.lsn} ${pointer.freshTo}`);
    return context.json(
      {
        status: ready ? "ok" : "starting",
        version,
        mirror: options.mirror(),
        build: pointer && {
          id: pointer.build,
          finishedAt: pointer.finishedAt,
          lsn: pointer.lsn,
          freshTo: pointer.freshTo,
          failedTests: pointer.failedTests,
        },
      },
      ready ? 200 : 503,
    );
  });
  return app;
}
