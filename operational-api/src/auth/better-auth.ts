import { apiKey } from "@better-auth/api-key";
import { betterAuth, type BetterAuthOptions } from "better-auth";
import { APIError } from "better-auth/api";
import { genericOAuth, type GenericOAuthConfig } from "better-auth/plugins/generic-oauth";
import { jwt } from "better-auth/plugins/jwt";
import { twoFactor } from "better-auth/plugins/two-factor";
import { Pool, types } from "pg";
import type { Logger } from "../log.ts";
import { surviveBrokenConnections } from "../pool.ts";
import type { OidcConfig, ServerConfig } from "../server-config.ts";
import { longestPassword } from "./passwords.ts";

/** What signing in needs to know. `secret` has at least 32 bytes. Without `smtpUrl` no mail is sent, without `oidc` there is no company sign-in. */
export type AuthConfig = Pick<ServerConfig, "url" | "locale"> & { secret: string; smtpUrl?: string | null; oidc?: OidcConfig | null };

export const tokenMinutes = 5;
export const linkMinutes = 30;
/** The name under which better-auth knows the company's identity provider. */
export const companyProvider = "company";
const sessionDays = 7;
const longestKeyDays = 365;
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

/** What better-auth asks of us while it runs. */
export interface AuthHooks {
  /** Asked before every new session. */
  maySignIn(userId: string): Promise<boolean>;
  /** Asked before an identity of the company's provider becomes that of a user. */
  isEmployee(userId: string): Promise<boolean>;
  /** Sends somebody the link by which a new password can be set; absent without mail. */
  sendResetLink?: ((to: { id: string; email: string }, token: string) => Promise<void>) | undefined;
}

const refuse = (code: string, message: string): never => {
  throw new APIError("FORBIDDEN", { code, message });
};

/**
 * better-auth's settings, the same for its migration and at run time.
 * Times of sessions and tokens are the machine's: KEHU_CLOCK moves business time, not how long a credential lives.
 */
export const authOptions = (given: { pool: Pool; config: AuthConfig; logger: Logger; hooks: AuthHooks }) => {
  const { sendResetLink } = given.hooks;
  return {
    appName: "Kehu",
    baseURL: given.config.url,
    basePath: "/api/auth",
    secret: given.config.secret,
    database: given.pool,
    trustedOrigins: [given.config.url],
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      // The company's own rules are checked at the door (door.ts); this is the least whatever they say.
      minPasswordLength: 8,
      maxPasswordLength: longestPassword,
      resetPasswordTokenExpiresIn: linkMinutes * 60,
      revokeSessionsOnPasswordReset: true,
      ...(sendResetLink && {
        sendResetPassword: ({ user, token }: { user: { id: string; email: string }; token: string }) => sendResetLink(user, token),
      }),
    },
    session: {
      expiresIn: sessionDays * 86_400,
      updateAge: 86_400,
      additionalFields: {
        lastSeenAt: { type: "date", required: false, input: false },
        deviceId: { type: "string", required: false, input: false },
        method: { type: "string", required: false, input: false },
      },
    },
    // Links and challenges: who reads the database can't use them.
    verification: { storeIdentifier: "hashed" },
    account: {
      encryptOAuthTokens: true,
      accountLinking: { enabled: true, trustedProviders: [], requireLocalEmailVerified: true },
    },
    // Gives the tokens of all sessions to whatever script runs in the page; ours gives their ids.
    disabledPaths: ["/list-sessions", "/link-social", "/unlink-account", "/change-email", "/update-user", "/delete-user"],
    databaseHooks: {
      session: {
        create: {
          before: async (session: { userId: string }) => {
            if (await given.hooks.maySignIn(session.userId)) return;
            refuse("ACCOUNT_STOPPED", "This account is stopped or has no role. Ask an administrator.");
          },
        },
      },
      account: {
        create: {
          before: async (account: { providerId: string; userId: string }) => {
            if (account.providerId !== companyProvider || (await given.hooks.isEmployee(account.userId))) return;
            refuse("NOT_AN_EMPLOYEE", "This account belongs to no employee. Sign in with its password.");
          },
        },
      },
    },
    rateLimit: {
      enabled: true,
      storage: "database",
      window: 10,
      max: 300,
      // By address and path. Wrong passwords are slowed down long before, by account (attempts.ts).
      customRules: {
        "/sign-in/email": { window: 60, max: 60 },
        "/sign-in/social": { window: 60, max: 60 },
        "/two-factor/*": { window: 60, max: 30 },
      },
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
      apiKey({
        defaultPrefix: "kehu_",
        maximumNameLength: 60,
        startingCharactersConfig: { shouldStore: true, charactersLength: 9 },
        keyExpiration: { defaultExpiresIn: longestKeyDays * 86_400, maxExpiresIn: longestKeyDays },
        rateLimit: { enabled: false },
      }),
      twoFactor({ issuer: "Kehu" }),
      genericOAuth({ config: given.config.oidc ? [companySignIn(given.config.oidc)] : [] }),
      jwt({ disableSettingJwtHeader: true, jwt: { expirationTime: `${tokenMinutes}m` } }),
    ],
    telemetry: { enabled: false },
    // Its messages only: the arguments hold e-mail addresses.
    logger: { log: (level: "debug" | "info" | "warn" | "error", message: string) => given.logger[level]({ part: "better-auth" }, message) },
  } satisfies BetterAuthOptions;
};

/** The company's identity provider: code flow with PKCE (S256), state and nonce, and an ID token whose signature is checked. It never makes an account. */
const companySignIn = (oidc: OidcConfig): GenericOAuthConfig<typeof companyProvider> => ({
  providerId: companyProvider,
  discoveryUrl: `${oidc.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
  clientId: oidc.clientId,
  clientSecret: oidc.clientSecret,
  scopes: ["openid", "email", "profile"],
  pkce: true,
  requireIdTokenVerification: true,
  disableSignUp: true,
  disableImplicitSignUp: true,
});

export const createBetterAuth = (options: ReturnType<typeof authOptions>) => betterAuth(options);
export type BetterAuth = ReturnType<typeof createBetterAuth>;
