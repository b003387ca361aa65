import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { Problem, problemResponse, type Principal } from "@kehu/operational-api";
import type { Served } from "./served.ts";
import { watchStanding } from "./standing-watch.ts";
import { createStreamPlaces, streamLimits } from "./stream-places.ts";

const heartbeatMs = 15_000;

/**
 * `GET /api/live`: server-sent events, one `publish` for every snapshot once it is the one that answers, with `{build, lsn, freshTo, changed}`.
 * It carries no figures: a page asks again, under its own scope, for what it shows. It ends when its caller's rights change: a browser comes back by itself,
 * and is then told once more where things stand, or that it must sign in. 429 for who has as many streams as `limits` allows.
 */
export function createLiveChannel(options: {
  served: Served;
  authenticate: (request: Request) => Promise<Principal | null>;
  limits?: { perUser: number; inAll: number };
}): Hono {
  const app = new Hono();
  const places = createStreamPlaces(options.limits ?? streamLimits);
  app.get("/api/live", async (context) => {
    const principal = await options.authenticate(context.req.raw);
    if (!principal) {
      const how = "sign in at /api/auth/sign-in/email, or send a valid x-api-key or bearer token";
      return problemResponse(new Problem(401, how, { headers: { "www-authenticate": 'Bearer realm="Kehu"' } }));
    }
    context.header("cache-control", "private, no-store");
    context.header("x-accel-buffering", "no");
    // Nobody would read the stream, so it would never end.
    if (context.req.method === "HEAD") return context.body(null, 200, { "content-type": "text/event-stream" });
    const leave = places.take(principal.userId);
    if (leave instanceof Problem) return problemResponse(leave);
    return streamSSE(context, async (stream) => {
      let wake = (): void => {};
      let pending = false;
      const stop = options.served.onChange(() => {
        pending = true;
        wake();
      });
      stream.onAbort(() => wake());
      const ended = new AbortController();
      const unwatch = watchStanding({
        authenticate: options.authenticate,
        request: context.req.raw,
        principal,
        onChange: () => {
          ended.abort();
          wake();
        },
      });
      try {
        pending = true; // the first event tells where things stand now
        while (!stream.aborted && !ended.signal.aborted) {
          if (pending) {
            pending = false;
            const serving = options.served.current();
            if (serving) {
              const { build, lsn, freshTo, changed } = serving;
              await stream.writeSSE({ event: "publish", data: JSON.stringify({ build, lsn, freshTo, changed }) });
            }
          } else {
            await stream.writeSSE({ event: "alive", data: "" });
          }
          if (!pending && !stream.aborted && !ended.signal.aborted) {
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
        unwatch();
        stop();
        leave();
      }
    });
  });
  return app;
}
