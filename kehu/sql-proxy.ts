import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Hono } from "hono";
import type { Context } from "hono";
import {
  addAuditEntry,
  inWrite,
  Problem,
  problemResponse,
  readText,
  requestIdOf,
  usesCookie,
  type Principal,
  type WriteDependencies,
} from "@kehu/operational-api";
import type { SqlReport } from "@kehu/semantic/sandbox";
import { refuseDepth } from "./json-depth.ts";
import { watchStanding } from "./standing-watch.ts";

interface Env {
  Bindings: { incoming?: IncomingMessage };
}

const forwarded = ["accept-language", "content-type"];
const returned = ["content-type", "content-length", "content-disposition", "kehu-fresh", "retry-after"];

const titles: Record<number, string> = { 401: "Not signed in", 403: "Not allowed", 413: "Too large", 503: "Not available" };
const mostBytes = 4 * 1024 * 1024;

const problem = (status: number, detail: string, headers: Record<string, string> = {}): Response =>
  Response.json(
    { type: `urn:kehu:problem:${status}`, title: titles[status], status, detail, errors: [] },
    { status, headers: { ...headers, "content-type": "application/problem+json", "cache-control": "no-store" } },
  );

const notSignedIn = (): Response =>
  problem(401, "sign in at /api/auth/sign-in/email, or send a valid x-api-key or bearer token", {
    "www-authenticate": 'Bearer realm="Kehu"',
  });
const rightsChanged = (): Response => problem(403, "your rights changed while the statement ran, so it was ended; run it again");

/** What of a body the audit trail keeps: a digest and never the text, which may hold a person's data. */
const describeBody = (body: string): { digest: string; format: string } => {
  let told: { sql?: unknown; format?: unknown } = {};
  try {
    told = (JSON.parse(body) ?? {}) as typeof told;
  } catch {
    // No JSON, which the sandbox will say; what was sent has a digest all the same.
  }
  const sql = typeof told.sql === "string" ? told.sql : body;
  const digest = createHash("sha256").update(sql).digest("hex");
  const { format = "json" } = told;
  return { digest, format: typeof format === "string" && /^[a-z]{1,20}$/.test(format) ? format : unknownFormat };
};

/** What the sandbox refuses is not repeated in the trail: it may be no text that Postgres takes. */
const unknownFormat = "unknown";

const outcomeOf = (status: number): string =>
  status < 300 ? "answered" : status === 499 ? "cancelled" : status === 403 ? "refused" : "failed";

/**
 * `/api/sql`: decides who is asking, passes the statement on to the sandbox, and writes what was done into the audit trail before the first row leaves.
 * A file is an export there, everything else a statement; one that could not be entered is not answered.
 */
export function createSqlProxy(options: {
  authenticate: (request: Request) => Promise<Principal | null>;
  sandboxPort: () => number | undefined;
  internalSecret: string;
  /** KEHU_URL: where a request with a session cookie must come from. */
  origin: string;
  writes: WriteDependencies;
}): Hono<Env> {
  const app = new Hono<Env>();

  const audit = async (
    context: Context<Env>,
    principal: Principal,
    body: string,
    status: number,
    report: SqlReport | null,
  ): Promise<void> => {
    const { digest, format } = describeBody(body);
    const isExport = format !== "json" && report !== null;
    const source = { ip: context.env?.incoming?.socket.remoteAddress ?? null, requestId: requestIdOf(context.req.header("x-request-id")) };
    await inWrite(options.writes, principal, source, (write) =>
      addAuditEntry(write, isExport ? "export" : "sql", "sql", {
        view: "sql",
        digest,
        format,
        outcome: outcomeOf(status),
        status,
        ...report,
      }),
    );
  };

  const pass = async (context: Context<Env>, principal: Principal, body: string | undefined): Promise<Response> => {
    const port = options.sandboxPort();
    const away = (): Response => problem(503, "ad-hoc SQL is starting; try again in a few seconds", { "retry-after": "2" });
    if (!port) return away();
    const headers = new Headers({
      "x-kehu-internal": options.internalSecret,
      "x-kehu-user": principal.subject,
      "x-kehu-scope-version": principal.scope.version,
    });
    for (const name of forwarded) {
      const value = context.req.header(name);
      if (value) headers.set(name, value);
    }
    const { signal: gone } = context.req.raw;
    const ended = new AbortController();
    const signal = AbortSignal.any([gone, ended.signal]);
    // A statement may run for minutes: what was taken away meanwhile is not answered, and the statement ends.
    const unwatch = watchStanding({
      authenticate: options.authenticate,
      request: context.req.raw,
      principal,
      onChange: (now) => ended.abort(now),
    });
    const answer = await fetch(`http://127.0.0.1:${port}${new URL(context.req.url).pathname}`, {
      method: context.req.method,
      headers,
      signal,
      ...(body === undefined ? {} : { body }),
    })
      .catch((error: unknown) => {
        if (ended.signal.aborted) return ended.signal.reason === null ? notSignedIn() : rightsChanged();
        if (gone.aborted) return new Response(null, { status: 499 });
        if (error instanceof TypeError) return null; // nobody listens: the sandbox is being restarted
        throw error;
      })
      .finally(unwatch);
    return answer ?? away();
  };

  app.onError((error) => {
    if (error instanceof Problem) return problemResponse(error);
    throw error;
  });
  app.use("/api/sql/*", async (context, next) => {
    await next();
    context.header("x-content-type-options", "nosniff");
  });

  const handle = async (context: Context<Env>): Promise<Response> => {
    const { method } = context.req;
    const principal = await options.authenticate(context.req.raw);
    if (!principal) return notSignedIn();
    if (method !== "GET" && usesCookie(context.req.raw) && context.req.header("origin") !== options.origin)
      return problem(403, `a request with a session cookie must come from ${options.origin} (header Origin); scripts use an API key`);
    const body = method === "POST" ? await readText(context.req.raw, mostBytes) : undefined;
    if (body !== undefined) refuseDepth("the body", body);
    const answer = await pass(context, principal, body);
    const told = answer.headers.get("kehu-sql");
    const report = told === null ? null : (JSON.parse(Buffer.from(told, "base64url").toString()) as SqlReport);
    if (body !== undefined) await audit(context, principal, body, answer.status, report);
    const headers = new Headers({ "cache-control": "private, no-store" });
    for (const name of returned) {
      const value = answer.headers.get(name);
      if (value) headers.set(name, value);
    }
    return new Response(answer.body, { status: answer.status, headers });
  };

  app.post("/api/sql", handle);
  app.delete("/api/sql/:id", handle);
  app.get("/api/sql/schema", handle);
  return app;
}
