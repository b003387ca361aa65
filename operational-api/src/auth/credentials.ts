import { createHash } from "node:crypto";
import type { JSONWebKeySet } from "jose";
import type { Pool } from "pg";
import type { BetterAuth } from "./better-auth.ts";
import { type KeyLimits, limitsOf } from "./keys.ts";
import { createSessionClock, isInUse } from "./sessions.ts";
import { createKeySource, verifyToken } from "./token.ts";

/** Whose credential it is, and how they came by it. `sessionId` is the session's id, or the API key's. */
export interface Identity {
  userId: string;
  sessionId: string;
  kind: "session" | "api-key";
  /** What an API key leaves out; null for sessions and for keys that leave out nothing. */
  limits: KeyLimits | null;
  /** A second factor stood behind this credential: ours, or the company's provider, which has its own rules. */
  hasSecondFactor: boolean;
}

/** A check costs 2-4 ms (3 database trips); within this time a revoked credential may still pass. */
const keptMs = 5_000;
const mostKept = 10_000;

const sessionCookie = /(?:^|;\s*)(?:__Secure-)?kehu\.session_token=([^;]+)/;

/** Says that a page asked by itself, not its user: such a request keeps no session alive. */
const backgroundHeader = "x-kehu-background";
const livePath = "/api/live";

type Credential = { kind: "api-key" | "token" | "session"; text: string };

/** The one credential that counts: a key or token that is sent is meant, also when it is wrong and a cookie would do. */
function credentialOf(request: Request): Credential | null {
  const apiKey = request.headers.get("x-api-key");
  if (apiKey !== null) return { kind: "api-key", text: apiKey };
  const authorization = request.headers.get("authorization");
  if (authorization !== null) return { kind: "token", text: /^Bearer\s+(\S+)$/i.exec(authorization)?.[1] ?? "" };
  const cookie = sessionCookie.exec(request.headers.get("cookie") ?? "")?.[1];
  return cookie === undefined ? null : { kind: "session", text: cookie };
}

/** Whether the request is authenticated by cookie, so that a page of another origin could have sent it. */
export const usesCookie = (request: Request): boolean => credentialOf(request)?.kind === "session";

const isBackground = (request: Request): boolean => request.headers.has(backgroundHeader) || new URL(request.url).pathname === livePath;

export interface Credentials {
  /** Null without a credential and for a wrong one. */
  identify(request: Request): Promise<Identity | null>;
  /** Forgets what was checked: somebody signed out, or changed a password or key. */
  forget(): void;
}

export function createCredentials(options: { betterAuth: () => BetterAuth; pool: Pool; issuer: string }): Credentials {
  const { betterAuth, pool, issuer } = options;
  const keys = createKeySource(async () => (await betterAuth().api.getJwks()) as unknown as JSONWebKeySet);
  const kept = new Map<string, { identity: Promise<Identity | null>; until: number }>();
  const clock = createSessionClock(pool);

  const check: Record<Credential["kind"], (text: string, headers: Headers) => Promise<Identity | null>> = {
    "api-key": async (text) => {
      const { valid, key } = await betterAuth().api.verifyApiKey({ body: { key: text } });
      if (!valid || !key) return null;
      return identityOfKey(key.referenceId, key.id, key.permissions);
    },
    token: async (text) => {
      const claims = await verifyToken(text, { jwks: keys, issuer });
      // The signature says who asked for it; whether they have signed out since only the database knows.
      return claims && ((await findSession(pool, claims.sid)) ?? (await findKey(pool, claims.sid)));
    },
    session: async (_text, headers) => {
      const found = await betterAuth().api.getSession({ headers: new Headers({ cookie: headers.get("cookie") ?? "" }) });
      return found && (await findSession(pool, found.session.id));
    },
  };

  const identifyOnce = (credential: Credential, request: Request): Promise<Identity | null> => {
    const now = performance.now();
    const name = createHash("sha256").update(`${credential.kind}:${credential.text}`).digest("base64");
    const known = kept.get(name);
    if (known && known.until > now) return known.identity;
    const identity = check[credential.kind](credential.text, request.headers);
    if (kept.size >= mostKept) kept.clear();
    kept.set(name, { identity, until: now + keptMs });
    identity.catch(() => kept.delete(name));
    return identity;
  };

  return {
    identify: async (request) => {
      const credential = credentialOf(request);
      if (!credential) return null;
      const identity = await identifyOnce(credential, request);
      if (identity?.kind === "session" && !isBackground(request)) await clock.touch(identity.sessionId);
      return identity;
    },
    forget: () => kept.clear(),
  };
}

const identityOfKey = (userId: string, keyId: string, permissions: unknown): Identity => ({
  userId,
  sessionId: keyId,
  kind: "api-key",
  limits: limitsOf(keyId, permissions),
  // It was made in a session that had what the company asks for.
  hasSecondFactor: true,
});

/** The live session of this id; null when it ended, or was left alone for longer than the company allows. */
async function findSession(pool: Pool, sessionId: string): Promise<Identity | null> {
  const { rows } = await pool.query<{ userId: string; hasSecondFactor: boolean }>(
    `select session."userId" as "userId", coalesce(account."twoFactorEnabled", false) or coalesce(session.method = 'company', false) as "hasSecondFactor"
       from auth.session as session join auth."user" as account on account.id = session."userId"
      where session.id::text = $1 and session."expiresAt" > now() and ${isInUse}`,
    [sessionId],
  );
  const found = rows[0];
  return found ? { ...found, sessionId, kind: "session", limits: null } : null;
}

async function findKey(pool: Pool, keyId: string): Promise<Identity | null> {
  const { rows } = await pool.query<{ userId: string; permissions: string | null }>(
    `select "referenceId" as "userId", permissions from auth.apikey where id::text = $1 and enabled and ("expiresAt" is null or "expiresAt" > now())`,
    [keyId],
  );
  const found = rows[0];
  return found ? identityOfKey(found.userId, keyId, found.permissions === null ? null : JSON.parse(found.permissions)) : null;
}
