import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { readPointer, watchPointer } from "@kehu/ingest";
import type { Principal } from "@kehu/operational-api";

const heartbeatMs = 15_000;

/**
 * `GET /api/live`: server-sent events, one `publish` for every published snapshot, with `{build, lsn, freshTo, changed}`.
 * It carries no figures: a page asks again, under its own scope, for what it shows.
 */
export function createLiveChannel(options: { snapshotDir: string; authenticate: (request: Request) => Promise<Principal | null> }): Hono {
  const app = new Hono();
  app.get("/api/live", async (context) => {
    if (!(await options.authenticate(context.req.raw))) {
      return context.json({ type: "about:blank", title: "Unauthorized", status: 401, detail: "Sign in to follow updates." }, 401, {
        "content-type": "application/problem+json",
      });
    }
    context.header("cache-control", "private, no-store");
    context.header("x-accel-buffering", "no");
    return streamSSE(context, async (stream) => {
      let wake = (): void => {};
      let pending = false;
      const stop = watchPointer(options.snapshotDir, () => {
        pending = true;
        wake();
      });
      stream.onAbort(() => wake());
      try {
        pending = true; // the first event tells where things stand now
        while (!stream.aborted) {
          if (pending) {
            pending = false;
            const pointer = await readPointer(options.snapshotDir);
            if (pointer) {
              const { build, lsn, freshTo, changed } = pointer;
              await stream.writeSSE({ event: "publish", data: JSON.stringify({ build, lsn, freshTo, changed }) });
            }
          } else {
            await stream.writeSSE({ event: "alive", data: "" });
          }
          if (!pending && !stream.aborted) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, heartbeatMs);
              wake = () => {
                clearTimeout(timer);
                resolve();
              };
            });
          }
        }
      } finally {
        stop();
      }
    });
  });
  return app;
}
