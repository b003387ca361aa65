import type { IncomingMessage } from "node:http";
import { Hono, type Context } from "hono";
import { Problem, problemResponse } from "../problem.ts";
import { readText, recordBytes } from "../routes/request.ts";
import { isLoopbackName } from "../server-config.ts";
import { listDemoAccounts } from "./accounts.ts";
import { secondFactorProblem } from "./account-request.ts";
import type { Auth, Principal } from "./create-auth.ts";
import { createDeviceRoutes } from "./device-routes.ts";
import { createMeRoutes } from "./me-routes.ts";
import { createSqlShelfRoutes } from "./sql-shelf-routes.ts";
import type { Scope } from "./scope.ts";
import { createUserRoutes } from "./user-routes.ts";

/** What @hono/node-server gives beside the request. Whoever calls `app.fetch` in process passes `{ incoming }` of the request it serves. */
interface Env {
  Bindings: { incoming?: IncomingMessage };
}

/** `/api/auth/*`, `/api/v1/me` and what is below it, accounts for administrators, and `/internal/scope/:subject` for our own processes. */
export function createAuthRoutes(auth: Auth): Hono<Env> {
  const app = new Hono<Env>();

  const signedIn = async (context: Context<Env>, answer: (principal: Principal) => Promise<Response> | Response): Promise<Response> => {
    context.header("cache-control", "private, no-store");
    const standing = await auth.standingOf(context.req.raw);
    if (standing.is === "signed-in") return answer(standing.principal);
    if (standing.is === "second-factor") return problemResponse(secondFactorProblem());
    return problem(401, "Unauthorized", "Sign in, or send a valid x-api-key or bearer token.");
  };

  app.get("/api/auth/token", (context) => signedIn(context, async (principal) => context.json({ token: await auth.mintToken(principal) })));

  app.get("/api/auth/demo-accounts", async (context) => {
    context.header("cache-control", "private, no-store");
    return context.json(isOnThisMachine(context) ? await listDemoAccounts(auth) : []);
  });

  /** What the sign-in page offers. */
  app.get("/api/auth/ways", async (context) => {
    const { password_length } = await auth.settings.get();
    return context.json({ company: auth.company !== null, mail: auth.hasMail, password_length });
  });

  // better-auth knows a POST here, for a way of refreshing sessions that is off.
  app.post("/api/auth/get-session", () => problemResponse(new Problem(405, "this path takes GET", { headers: { allow: "GET" } })));
  app.on(["GET", "POST"], "/api/auth/*", async (context) => {
    let request: Request;
    try {
      request = await withClientAddress(context);
    } catch (error) {
      if (error instanceof Problem) return problemResponse(error);
      throw error;
    }
    return problemOf(await auth.handle(request));
  });

  app.get("/api/v1/me", (context) => signedIn(context, async (principal) => context.json(await describe(auth, principal))));

  app.get("/api/v1/me/scope", (context) => signedIn(context, ({ scope }) => versioned(context, scope)));

  for (const routes of [createMeRoutes(auth), createSqlShelfRoutes(auth), createUserRoutes(auth), createDeviceRoutes(auth)])
    app.route("/", routes as unknown as Hono<Env>);

  app.get("/internal/scope/:subject", async (context) => {
    if (!auth.isInternal(context.req.raw)) return problem(404, "Not Found", `There is nothing at ${context.req.path}.`);
    return versioned(context, await auth.scopeOf(context.req.param("subject")));
  });

  return app;
}

const problem = (status: number, title: string, detail: string, more: Record<string, unknown> = {}, headers = new Headers()): Response => {
  headers.set("content-type", "application/problem+json");
  headers.delete("content-length");
  return new Response(JSON.stringify({ ...more, type: "about:blank", title, status, detail, errors: [] }), { status, headers });
};

function versioned(context: Context<Env>, scope: Scope): Response {
  const tag = `"${scope.version}"`;
  context.header("etag", tag);
  return context.req.header("if-none-match") === tag ? context.body(null, 304) : context.json(scope);
}

const addressOf = (context: Context<Env>): string | undefined =>
  (context.env as Env["Bindings"] | undefined)?.incoming?.socket.remoteAddress;

/** What a proxy adds. Which of them, each decides for itself. */
const proxyHeaders = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"];

/**
 * Whether a browser on this machine asks: a loopback socket, no proxy in between, and a loopback name in the address bar
 * (a page elsewhere can point its own name at 127.0.0.1).
 */
function isOnThisMachine(context: Context<Env>): boolean {
  const proxied = proxyHeaders.some((name) => context.req.header(name) !== undefined);
  return !proxied && isLoopbackName(addressOf(context) ?? "") && isLoopbackName(new URL(context.req.url).hostname);
}

/** The request as better-auth may see it: the client's address is the socket's, whatever the client says. Throws Problem 413, or 400 for a body that is no text. */
async function withClientAddress(context: Context<Env>): Promise<Request> {
  const { raw } = context.req;
  const headers = new Headers(raw.headers);
  headers.delete("x-forwarded-for");
  const address = addressOf(context);
  if (address) headers.set("x-forwarded-for", address);
  // HEAD is GET whose body is not sent; better-auth has no routes for it.
  if (raw.method === "GET" || raw.method === "HEAD") return new Request(raw.url, { method: "GET", headers });
  return new Request(raw.url, { method: raw.method, headers, body: await readText(raw, recordBytes) });
}

/** better-auth's errors with its own `code` and `message` (its client reads them), as the problem documents that all our errors are. */
async function problemOf(response: Response): Promise<Response> {
  if (response.status < 400) return response;
  const headers = new Headers(response.headers);
  const retryAfter = headers.get("x-retry-after");
  if (retryAfter) headers.set("retry-after", retryAfter);
  const text = await response.text();
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // an empty answer, as for an unknown path
  }
  const title = titles[response.status] ?? (response.status < 500 ? "Bad Request" : "Internal Server Error");
  const detail =
    response.status === 404
      ? "There is nothing at this path; /api/docs lists what there is."
      : `${title}: check the body and its content type.`;
  return problem(response.status, title, typeof body.message === "string" && body.message !== "" ? body.message : detail, body, headers);
}

const titles: Record<number, string> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
};

async function describe(auth: Auth, principal: Principal): Promise<Record<string, unknown>> {
  const { rows } = await auth.pool.query<{
    id: string;
    name: string;
    email: string;
    locale: string;
    department_id: string | null;
    second_factor: boolean;
    has_password: boolean;
  }>(
    `select account.id, account.name, account.email, coalesce(holder.locale, $2) as locale, employee.department_id,
            coalesce(account."twoFactorEnabled", false) as second_factor,
            exists (select from auth.account as way where way."userId" = account.id and way."providerId" = 'credential') as has_password
       from auth."user" as account
       join auth.holders as holder on holder.user_id = account.id
       left join crm.employees as employee on employee.id = holder.employee_id
      where account.id::text = $1`,
    [principal.seeing?.userId ?? principal.userId, auth.config.locale],
  );
  const { department_id = null, second_factor = false, has_password = false, ...user } = rows[0] ?? {};
  const { idle_minutes, password_length } = await auth.settings.get();
  return {
    user,
    // Who looks with this account's eyes; pages say so on top.
    seeing: principal.seeing ? { by: principal.userId } : null,
    employee_id: principal.employeeId,
    roles: principal.roles,
    department_id,
    account: { kind: principal.kind, second_factor, has_password, idle_minutes, password_length },
  };
}
