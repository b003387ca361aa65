import { createHash, timingSafeEqual } from "node:crypto";
import type { Pool } from "pg";
import type { Logger } from "../log.ts";
import { type AccountSettingsSource, createAccountSettings } from "./account-settings.ts";
import { type Attempts, createAttempts } from "./attempts.ts";
import { type AuthConfig, type BetterAuth, companyProvider, createAuthPool } from "./better-auth.ts";
import { createBetterAuthSource } from "./better-auth-source.ts";
import { compileScope } from "./compile-scope.ts";
import { createCredentials, type Identity } from "./credentials.ts";
import { createDoor } from "./door.ts";
import { findKeyLimits, narrowScope, readSubject, subjectOf } from "./keys.ts";
import { createLinks, type Links } from "./links.ts";
import { createMail } from "./mail.ts";
import { createScopeCache } from "./scope-cache.ts";
import type { Role, Scope } from "./scope.ts";
import { createSeeAs, lookingOnly, maySeeAs } from "./see-as.ts";
import { createSignIn } from "./sign-in.ts";

/** Who is asking, and what they may do. */
export interface Principal {
  userId: string;
  /** The session's id, or the API key's. */
  sessionId: string;
  kind: Identity["kind"];
  /** Under which name `/internal/scope/:subject` gives `scope`: the user's id, and for an API key with limits the key's too. */
  subject: string;
  employeeId: string | null;
  roles: Role[];
  scope: Scope;
  /** Set while looking with another's eyes: `scope`, `roles` and `employeeId` are that user's then, for reading only; `userId` stays who acts. */
  seeing?: { userId: string };
}

/** What a caller may do at all. `second-factor`: signed in, but the company asks for a second factor that is not set up yet. */
export type Standing = { is: "signed-in"; principal: Principal } | { is: "second-factor"; userId: string } | { is: "nobody" };

export interface Auth {
  config: AuthConfig;
  /** Owner's connections for accounts; closed with `close`. */
  pool: Pool;
  /** Null when no company sign-in is set up. */
  company: { name: string } | null;
  /** Whether letters can be sent. */
  hasMail: boolean;
  settings: AccountSettingsSource;
  attempts: Attempts;
  links: Links;
  betterAuth(): BetterAuth;
  /** By `x-api-key`, `Authorization: Bearer <token>` or session cookie, in this order. Null (answer 401) for a wrong credential, and for a stopped or departed user. */
  authenticate(request: Request): Promise<Principal | null>;
  /** As `authenticate`, telling why not. */
  standingOf(request: Request): Promise<Standing>;
  /** Forgets which credentials were right: one of them was taken away. */
  forget(): void;
  /** Forgets compiled scopes and who looks with whose eyes: rules have changed. The database tells other processes. */
  forgetScopes(): void;
  /** The scope of a user, or of a user by a key with limits (`Principal.subject`), as of now; no grants for an unknown or stopped one. */
  scopeOf(subject: string): Promise<Scope>;
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
  const settings = createAccountSettings(pool);
  const attempts = createAttempts({ pool, secret: config.secret });
  const mail = config.smtpUrl ? createMail({ smtpUrl: config.smtpUrl, publicUrl: config.url, logger }) : null;
  const { current: betterAuth, ready } = createBetterAuthSource({
    pool,
    config,
    logger,
    hooks: {
      maySignIn: async (userId) => (await compileScope(pool, userId)).roles.length > 0,
      isEmployee: async (userId) => (await compileScope(pool, userId)).employeeId !== null,
      sendResetLink: mail ? (to, token) => links.sendReset(to, token) : undefined,
    },
  });
  const links: Links = createLinks({ pool, betterAuth, url: config.url, locale: config.locale, mail });
  const credentials = createCredentials({ betterAuth, pool, issuer: config.url });
  const scopes = createScopeCache({ url, pool, logger });
  const seeAs = createSeeAs(pool);
  const signIn = createSignIn({ pool, attempts, isHttps: config.url.startsWith("https:"), onWaitingDevice: links.sendDevice });

  const lacksSecondFactor = async (identity: Identity): Promise<boolean> => {
    if (identity.hasSecondFactor) return false;
    const { second_factor_roles: wanted } = await settings.get();
    return wanted.length > 0 && (await scopes.get(identity.userId)).roles.some((role) => wanted.includes(role));
  };

  const standingOf = async (request: Request): Promise<Standing> => {
    const identity = await credentials.identify(request);
    if (!identity) return { is: "nobody" };
    const { userId, sessionId, kind, limits } = identity;
    const own = await scopes.get(userId);
    if (own.roles.length === 0) return { is: "nobody" };
    if (await lacksSecondFactor(identity)) return { is: "second-factor", userId };
    const seen = limits === null && maySeeAs(own) ? await seeAs.seenBy(sessionId) : null;
    if (seen !== null) {
      const scope = lookingOnly(await scopes.get(seen));
      const { employeeId, roles } = scope;
      return { is: "signed-in", principal: { userId, sessionId, kind, subject: seen, employeeId, roles, scope, seeing: { userId: seen } } };
    }
    const scope = limits ? narrowScope(own, limits) : own;
    const principal = {
      userId,
      sessionId,
      kind,
      subject: subjectOf(userId, limits),
      employeeId: scope.employeeId,
      roles: scope.roles,
      scope,
    };
    return { is: "signed-in", principal };
  };

  const door = createDoor({ pool, settings, betterAuth: ready, signIn, links, identify: credentials.identify, lacksSecondFactor });

  return {
    config,
    pool,
    company: config.oidc ? { name: companyProvider } : null,
    hasMail: mail !== null,
    settings,
    attempts,
    links,
    betterAuth,
    standingOf,
    authenticate: async (request) => {
      const standing = await standingOf(request);
      return standing.is === "signed-in" ? standing.principal : null;
    },
    forget: () => credentials.forget(),
    forgetScopes: () => {
      scopes.forget();
      seeAs.forget();
    },
    scopeOf: async (subject) => {
      const { userId, keyId } = readSubject(subject);
      const scope = await scopes.get(userId);
      if (keyId === null) return scope;
      const limits = await findKeyLimits(pool, userId, keyId);
      // A key that is gone gives nothing; one without limits would not have been named.
      return narrowScope(scope, limits ?? { keyId, readOnly: true, entities: [] });
    },
    mintToken: async ({ userId, sessionId, scope }) => {
      const payload = { sub: userId, sid: sessionId, scopeVersion: scope.version, iat: Math.floor(Date.now() / 1000) };
      return (await betterAuth().api.signJWT({ body: { payload } })).token;
    },
    handle: async (request) => {
      try {
        return await door(request);
      } finally {
        if (request.method !== "GET") credentials.forget();
      }
    },
    isInternal: (request) => internalSecret !== null && equal(request.headers.get("x-kehu-internal") ?? "", internalSecret),
    close: async () => {
      await mail?.close();
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
