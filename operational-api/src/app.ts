import { Hono, type MiddlewareHandler } from "hono";
import type { Pool } from "pg";
import { auditMaskedReads } from "./audit/masked-reads.ts";
import { type Auth, createAuthRoutes, usesCookie } from "./auth/index.ts";
import type { Clock } from "./clock.ts";
import { entities } from "./entities/index.ts";
import type { Logger } from "./log.ts";
import { Problem, problemResponse } from "./problem.ts";
import { createAdministration } from "./routes/administration.ts";
import { auditRoutes } from "./routes/audit.ts";
import { collectionRoutes } from "./routes/collection.ts";
import { erasureRoutes } from "./routes/erasures.ts";
import { documentRoutes } from "./routes/documents.ts";
import { duplicateRoutes } from "./routes/duplicates.ts";
import { type Env, requestIdOf } from "./routes/request.ts";
import { roleRoutes } from "./routes/permission-roles.ts";
import { seeAsRoutes } from "./routes/permission-see-as.ts";
import { permissionRoutes } from "./routes/permissions.ts";
import { verbRoutes } from "./routes/verbs.ts";
import { createWriter } from "./routes/write.ts";
import { refusalOf } from "./store/refusal.ts";
import type { ServerConfig } from "./server-config.ts";

const reading = new Set(["GET", "HEAD", "OPTIONS"]);

/** Every request is somebody's; a page of another origin can't write with somebody's cookie. */
const guard =
  (auth: Pick<Auth, "authenticate">, origin: string): MiddlewareHandler<Env> =>
  async (context, next) => {
    const principal = await auth.authenticate(context.req.raw);
    if (!principal) {
      throw new Problem(401, "sign in at /api/auth/sign-in/email, or send a valid x-api-key or bearer token", {
        headers: { "www-authenticate": 'Bearer realm="Kehu"' },
      });
    }
    if (!reading.has(context.req.method) && usesCookie(context.req.raw) && context.req.header("origin") !== origin) {
      throw new Problem(403, `a change with a session cookie must come from ${origin} (header Origin); scripts use an API key`);
    }
    const endsIt = context.req.path === "/api/v1/see-as" && context.req.method === "DELETE";
    if (principal.seeing && !reading.has(context.req.method) && !endsIt) {
      throw new Problem(403, "you are looking with another's eyes, for reading only; DELETE /api/v1/see-as ends that");
    }
    context.set("principal", principal);
    await next();
  };

/**
 * The operational API: sign-in, all collections under `/api/v1`, audit, OpenAPI. Any other path under `/api` is a 404 problem document,
 * so what else lives there is mounted before it. `pool` acts as `kehu_app` (createPool).
 */
export const createApi = (given: {
  pool: Pool;
  auth: Auth;
  config: Pick<ServerConfig, "url" | "currency" | "timezone">;
  clock: Clock;
  logger: Logger;
}): Hono<Env> => {
  const { pool, auth, config, clock, logger } = given;
  const dependencies = { pool, clock, settings: { currency: config.currency, timezone: config.timezone } };
  const write = createWriter(dependencies);
  const app = new Hono<Env>();

  app.onError((error, context) => {
    const problem = error instanceof Problem ? error : refusalOf(error);
    if (problem && problem.status < 500) return problemResponse(problem);
    logger.error({ err: error, method: context.req.method, path: context.req.path, requestId: context.get("requestId") }, "request failed");
    if (problem) return problemResponse(problem);
    return problemResponse(new Problem(500, `something went wrong here; the log has it under request id ${context.get("requestId")}`));
  });

  app.use("/api/*", async (context, next) => {
    const requestId = requestIdOf(context.req.header("x-request-id"));
    context.set("requestId", requestId);
    await next();
    context.header("x-request-id", requestId);
  });
  app.route("/", createAuthRoutes(auth) as unknown as Hono<Env>);
  app.route("/", documentRoutes(config.url));

  app.use("/api/v1/*", guard(auth, config.url));
  app.use("/api/v1/*", auditMaskedReads(dependencies, auth.pool));
  app.route("/", auditRoutes(dependencies, auth.pool, write));
  app.route("/", erasureRoutes(dependencies, write));
  const administration = createAdministration(dependencies, auth);
  app.route("/", permissionRoutes(administration));
  app.route("/", roleRoutes(administration));
  app.route("/", seeAsRoutes(administration));
  app.route("/", duplicateRoutes(write));
  app.route("/", verbRoutes(dependencies, write));
  for (const entity of entities) app.route("/", collectionRoutes(entity, entities, dependencies, write));

  app.all("/api/*", (context) => {
    throw new Problem(404, `there is nothing at ${context.req.path}; /api/docs lists what there is`);
  });
  return app;
};
