import { createHash } from "node:crypto";
import type { JSONWebKeySet } from "jose";
import type { Pool } from "pg";
import type { BetterAuth } from "./better-auth.ts";
import { createKeySource, verifyToken } from "./token.ts";

/** Whose credential it is. `sessionId` is the session's id, or the API key's. */
export interface Identity {
  userId: string;
  sessionId: string;
}

/** A check costs 2-4 ms (3 database trips); within this time a revoked credential may still pass. */
const keptMs = 5_000;
const mostKept = 10_000;

const sessionCookie = /(?:^|;\s*)(?:__Secure-)?kehu\.session_token=([^;]+)/;

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

export interface Credentials {
  /** Null without a credential and for a wrong one. */
  identify(request: Request): Promise<Identity | null>;
  /** Forgets what was checked: somebody signed out, or changed a password or key. */
  forget(): void;
}

export function createCredentials(options: { betterAuth: BetterAuth; pool: Pool; issuer: string }): Credentials {
  const { betterAuth, pool, issuer } = options;
  const keys = createKeySource(async () => (await betterAuth.api.getJwks()) as unknown as JSONWebKeySet);
  const kept = new Map<string, { identity: Promise<Identity | null>; until: number }>();

  const check: Record<Credential["kind"], (text: string, headers: Headers) => Promise<Identity | null>> = {
    "api-key": async (text) => {
      const { valid, key } = await betterAuth.api.verifyApiKey({ body: { key: text } });
      return valid && key ? { userId: key.referenceId, sessionId: key.id } : null;
    },
    token: async (text) => {
      const claims = await verifyToken(text, { jwks: keys, issuer });
      // The signature says who asked for it; whether they have signed out since only the database knows.
      return claims && (await isLive(pool, claims.sid)) ? { userId: claims.sub, sessionId: claims.sid } : null;
    },
    session: async (_text, headers) => {
      const found = await betterAuth.api.getSession({ headers: new Headers({ cookie: headers.get("cookie") ?? "" }) });
      return found && { userId: found.user.id, sessionId: found.session.id };
    },
  };

  return {
    identify: async (request) => {
      const credential = credentialOf(request);
      if (!credential) return null;
      const now = performance.now();
      const name = createHash("sha256").update(`${credential.kind}:${credential.text}`).digest("base64");
      const known = kept.get(name);
      if (known && known.until > now) return known.identity;
      const identity = check[credential.kind](credential.text, request.headers);
      if (kept.size >= mostKept) kept.clear();
      kept.set(name, { identity, until: now + keptMs });
      identity.catch(() => kept.delete(name));
      return identity;
    },
    forget: () => kept.clear(),
  };
}

async function isLive(pool: Pool, sessionId: string): Promise<boolean> {
  const { rows } = await pool.query<{ live: boolean }>(
    `select exists (select from auth.session where id::text = $1 and "expiresAt" > now())
         or exists (select from auth.apikey where id::text = $1 and enabled and ("expiresAt" is null or "expiresAt" > now())) as live`,
    [sessionId],
  );
  return rows[0]?.live ?? false;
}
