import { createHash, timingSafeEqual } from "node:crypto";
import type { Pool } from "pg";
import type { Logger } from "../log.ts";
import { authOptions, createAuthPool, createBetterAuth, type AuthConfig } from "./better-auth.ts";
import { compileScope } from "./compile-scope.ts";
import { createCredentials } from "./credentials.ts";
import { createScopeCache } from "./scope-cache.ts";
import type { Role, Scope } from "./scope.ts";

/** Who is asking, and what they may do. */
export interface Principal {
  userId: string;
  /** The session's id, or the API key's. */
  sessionId: string;
  employeeId: string | null;
  roles: Role[];
  scope: Scope;
}

export interface Auth {
  config: AuthConfig;
  /** Owner's connections for accounts; closed with `close`. */
  pool: Pool;
  /** By `x-api-key`, `Authorization: Bearer <token>` or session cookie, in this order. Null (answer 401) for a wrong credential, and for a stopped or departed user. */
  authenticate(request: Request): Promise<Principal | null>;
  /** The user's scope as of now; no grants for an unknown or stopped user. */
  scopeOf(userId: string): Promise<Scope>;
  /** A JWT of 5 minutes: `sub` user id, `sid` session id, `scopeVersion`. */
  mintToken(principal: Principal): Promise<string>;
  /** better-auth's own routes under `/api/auth`. Trusts `x-forwarded-for`: hand it nothing a client wrote there. */
  handle(request: Request): Promise<Response>;
  /** Compares the header with the secret that the processes of this installation share. */
  isInternal(request: Request): boolean;
  close(): Promise<void>;
}

/**
 * Signing in and scopes over the database at `url` (its owner's connection), which `migrateAuth` has been run on.
 * Without `internalSecret` no request counts as one of our own processes.
 */
export function createAuth(options: { url: string; config: AuthConfig; internalSecret: string | null; logger: Logger }): Auth {
  const { url, config, internalSecret, logger } = options;
  const pool = createAuthPool(url);
  pool.on("error", (error) => logger.warn({ err: error }, "an idle database connection broke"));
  const maySignIn = async (userId: string): Promise<boolean> => (await compileScope(pool, userId)).roles.length > 0;
  const betterAuth = createBetterAuth(authOptions({ pool, config, logger, maySignIn }));
  const credentials = createCredentials({ betterAuth, pool, issuer: config.url });
  const scopes = createScopeCache({ url, pool, logger });

  return {
    config,
    pool,
    authenticate: async (request) => {
      const identity = await credentials.identify(request);
      if (!identity) return null;
      const scope = await scopes.get(identity.userId);
      if (scope.roles.length === 0) return null;
      return { ...identity, employeeId: scope.employeeId, roles: scope.roles, scope };
    },
    scopeOf: (userId) => scopes.get(userId),
    mintToken: async ({ userId, sessionId, scope }) => {
      const payload = { sub: userId, sid: sessionId, scopeVersion: scope.version, iat: Math.floor(Date.now() / 1000) };
      return (await betterAuth.api.signJWT({ body: { payload } })).token;
    },
    handle: async (request) => {
      try {
        return await betterAuth.handler(request);
      } finally {
        if (request.method !== "GET") credentials.forget();
      }
    },
    isInternal: (request) => internalSecret !== null && equal(request.headers.get("x-kehu-internal") ?? "", internalSecret),
    close: async () => {
      await scopes.close();
      await pool.end();
    },
  };
}

/** In a time that does not tell how much of it was right. */
const equal = (given: string, expected: string): boolean => {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
};
