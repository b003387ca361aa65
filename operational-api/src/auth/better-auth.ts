import { apiKey } from "@better-auth/api-key";
import { betterAuth, type BetterAuthOptions } from "better-auth";
import { APIError } from "better-auth/api";
import { jwt } from "better-auth/plugins/jwt";
import { Pool, types } from "pg";
import type { Logger } from "../log.ts";
import { surviveBrokenConnections } from "../pool.ts";
import type { ServerConfig } from "../server-config.ts";

/** What signing in needs to know. `secret` has at least 32 bytes. */
export type AuthConfig = Pick<ServerConfig, "url" | "locale"> & { secret: string };

export const tokenMinutes = 5;
const sessionDays = 7;
const int8 = 20;

/** Connections whose unqualified names are better-auth's tables in schema `auth`. */
export const createAuthPool = (url: string): Pool => {
  const pool = new Pool({
    connectionString: url,
    max: 8,
    application_name: "kehu auth",
    options: "-c search_path=auth",
    // Times of the rate limit are bigint, which pg gives as text; better-auth then adds seconds to a text and says "retry in 500,000 years".
    types: {
      getTypeParser: ((oid: number, format?: "text" | "binary") =>
        oid === int8 ? Number : types.getTypeParser(oid, format as "text")) as typeof types.getTypeParser,
    },
  });
  surviveBrokenConnections(pool);
  return pool;
};

/**
 * better-auth's settings, the same for its migration and at run time. `maySignIn` is asked before every new session.
 * Times of sessions and tokens are the machine's: KEHU_CLOCK moves business time, not how long a credential lives.
 */
export const authOptions = (given: { pool: Pool; config: AuthConfig; logger: Logger; maySignIn: (userId: string) => Promise<boolean> }) =>
  ({
    appName: "Kehu",
    baseURL: given.config.url,
    basePath: "/api/auth",
    secret: given.config.secret,
    database: given.pool,
    trustedOrigins: [given.config.url],
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 8, maxPasswordLength: 128 },
    session: { expiresIn: sessionDays * 86_400, updateAge: 86_400 },
    databaseHooks: {
      session: {
        create: {
          before: async (session) => {
            if (await given.maySignIn(session.userId)) return;
            throw new APIError("FORBIDDEN", {
              code: "ACCOUNT_STOPPED",
              message: "This account is stopped or has no role. Ask an administrator.",
            });
          },
        },
      },
    },
    rateLimit: {
      enabled: true,
      storage: "database",
      window: 10,
      max: 300,
      customRules: { "/sign-in/email": { window: 60, max: 60 } },
    },
    advanced: {
      cookiePrefix: "kehu",
      useSecureCookies: given.config.url.startsWith("https:"),
      database: { generateId: "uuid" },
      // Written by our route from the socket; what a client sends under this name is gone by then.
      ipAddress: { ipAddressHeaders: ["x-forwarded-for"] },
      // Said outright, or better-auth leaves them out when it finds itself in a test.
      disableOriginCheck: false,
      disableCSRFCheck: false,
    },
    plugins: [
      // Its own limit is 10 requests per key and day.
      apiKey({ defaultPrefix: "kehu_", rateLimit: { enabled: false } }),
      jwt({ disableSettingJwtHeader: true, jwt: { expirationTime: `${tokenMinutes}m` } }),
    ],
    telemetry: { enabled: false },
    // Its messages only: the arguments hold e-mail addresses.
    logger: { log: (level, message) => given.logger[level]({ part: "better-auth" }, message) },
  }) satisfies BetterAuthOptions;

export const createBetterAuth = (options: ReturnType<typeof authOptions>) => betterAuth(options);
export type BetterAuth = ReturnType<typeof createBetterAuth>;
