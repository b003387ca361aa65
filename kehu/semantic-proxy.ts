import { STATUS_CODES } from "node:http";
import { Hono } from "hono";
import { Problem, readText, type Principal } from "@kehu/operational-api";
import { refuseDepth } from "./json-depth.ts";

/** Headers a caller's request may carry on to the query process; all else stays here, cookies first of all. */
const forwarded = ["accept", "accept-language", "content-type", "kehu-purpose", "kehu-wait-for"];
const returned = ["content-type", "kehu-fresh", "kehu-cache", "content-language"];

/** A query may be too long for an address; what has no query is read. */
const methodsOf = (path: string): string[] => (/\/(load|sql|dry-run)$/.test(path) ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"]);
const mostBytes = 4 * 1024 * 1024;

/** A problem document that also has `error`, which Cube's client reads. */
const refused = (status: number, detail: string, headers: Record<string, string> = {}): Response =>
  Response.json(
    { type: `urn:kehu:problem:${status}`, title: STATUS_CODES[status] ?? "Refused", status, detail, errors: [], error: detail },
    { status, headers: { "cache-control": "private, no-store", ...headers, "content-type": "application/problem+json" } },
  );

/** What the query process says of a query it does not answer. */
const refusalOf = async (answer: Response): Promise<Response> => {
  const text = await answer.text();
  let told: unknown;
  try {
    told = (JSON.parse(text) as { error?: unknown }).error;
  } catch {
    // Not from its routes, which answer JSON: the text itself says it.
  }
  return refused(answer.status, typeof told === "string" && told !== "" ? told : text || `the query was refused (${answer.status})`);
};

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
  app.onError((error) => {
    if (error instanceof Problem) return refused(error.status, error.message, error.headers);
    throw error;
  });
  app.all("/cubejs-api/*", async (context) => {
    const principal = await options.authenticate(withScheme(context.req.raw));
    if (!principal) return refused(401, "Sign in, or send a valid token or API key.", { "www-authenticate": 'Bearer realm="Kehu"' });
    const { method } = context.req;
    const methods = methodsOf(context.req.path);
    if (!methods.includes(method)) return refused(405, `this path takes ${methods.join(", ")}`, { allow: methods.join(", ") });
    const port = options.queryPort();
    if (!port) return refused(503, "The semantic layer is starting; try again in a few seconds.", { "retry-after": "2" });
    const url = new URL(context.req.url);
    const headers = new Headers();
    for (const name of forwarded) {
      const value = context.req.header(name);
      if (value) headers.set(name, value);
    }
    headers.set("x-kehu-internal", options.internalSecret);
    headers.set("x-kehu-user", principal.subject);
    headers.set("x-kehu-scope-version", principal.scope.version);
    const body = method === "POST" ? await readText(context.req.raw, mostBytes) : undefined;
    for (const text of body === undefined ? url.searchParams.values() : [body]) refuseDepth("the query", text);
    const answer = await fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, {
      method,
      headers,
      body,
      signal: context.req.raw.signal,
    }).catch((error: unknown) => {
      if (context.req.raw.signal.aborted) throw error;
      return null; // the query process is being restarted
    });
    if (!answer) return refused(503, "The semantic layer is restarting; try again in a few seconds.", { "retry-after": "2" });
    if (!answer.ok && method !== "HEAD") return refusalOf(answer);
    const answerHeaders = new Headers({ "cache-control": "private, no-store" });
    for (const name of returned) {
      const value = answer.headers.get(name);
      if (value) answerHeaders.set(name, value);
    }
    return new Response(answer.body, { status: answer.status, headers: answerHeaders });
  });
  return app;
}
