import { Hono } from "hono";
import type { Principal } from "@kehu/operational-api";

/** Headers a caller's request may carry on to the query process; all else stays here, cookies first of all. */
const forwarded = ["accept", "accept-language", "content-type", "kehu-purpose", "kehu-wait-for"];
const returned = ["content-type", "kehu-fresh", "kehu-cache", "content-language"];

/** Cube's client sends its token bare, without the word Bearer. */
function withScheme(request: Request): Request {
  const token = request.headers.get("authorization");
  if (!token || token.includes(" ")) return request;
  const headers = new Headers(request.headers);
  headers.set("authorization", `Bearer ${token}`);
  return new Request(request.url, { method: "GET", headers });
}

/**
 * `/cubejs-api/*`: decides who is asking, and passes the query on to the query process with the user's id and scope version.
 * The scope itself is fetched by the query process, by version; it never travels with the request.
 */
export function createSemanticProxy(options: {
  authenticate: (request: Request) => Promise<Principal | null>;
  queryPort: () => number | undefined;
  internalSecret: string;
}): Hono {
  const app = new Hono();
  app.all("/cubejs-api/*", async (context) => {
    const principal = await options.authenticate(withScheme(context.req.raw));
    if (!principal) return context.json({ error: "Sign in, or send a valid token or API key." }, 401);
    const port = options.queryPort();
    if (!port) return context.json({ error: "The semantic layer is starting; try again in a few seconds." }, 503, { "retry-after": "2" });
    const url = new URL(context.req.url);
    const headers = new Headers();
    for (const name of forwarded) {
      const value = context.req.header(name);
      if (value) headers.set(name, value);
    }
    headers.set("x-kehu-internal", options.internalSecret);
    headers.set("x-kehu-user", principal.subject);
    headers.set("x-kehu-scope-version", principal.scope.version);
    const body = context.req.method === "GET" || context.req.method === "HEAD" ? undefined : await context.req.arrayBuffer();
    const answer = await fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, {
      method: context.req.method,
      headers,
      body,
      signal: context.req.raw.signal,
    }).catch((error: unknown) => {
      if (context.req.raw.signal.aborted) throw error;
      return null; // the query process is being restarted
    });
    if (!answer)
      return context.json({ error: "The semantic layer is restarting; try again in a few seconds." }, 503, { "retry-after": "2" });
    const answerHeaders = new Headers({ "cache-control": "private, no-store" });
    for (const name of returned) {
      const value = answer.headers.get(name);
      if (value) answerHeaders.set(name, value);
    }
    return new Response(answer.body, { status: answer.status, headers: answerHeaders });
  });
  return app;
}
