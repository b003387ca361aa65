import type { Pool } from "pg";
import { recordAccountEvent } from "./account-audit.ts";
import type { AccountSettingsSource } from "./account-settings.ts";
import type { BetterAuth } from "./better-auth.ts";
import type { Identity } from "./credentials.ts";
import type { Links } from "./links.ts";
import { allowedWithoutSecondFactor, auditedPaths, passwordPaths, secondFactorPaths } from "./native-paths.ts";
import { passwordFault, passwordMessage, type PasswordOwner } from "./passwords.ts";
import { addressOf, refusal, sessionTokenOf, type SignIn } from "./sign-in.ts";

const basePath = "/api/auth";
const challengeCookie = /(?:^|;\s*)(?:__Secure-)?kehu\.two_factor=([^;]+)/;

/** A refusal of the company's provider as the sign-in page is told it: a word, never text from outside. */
const plainCode = /^[\w-]{1,60}$/;

/**
 * Stands before better-auth's routes and holds what the company decided: passwords, lockout, devices, idle sessions, the second factor; and it audits.
 * Everything that better-auth does by itself it does behind this door.
 */
export function createDoor(options: {
  pool: Pool;
  settings: AccountSettingsSource;
  betterAuth: () => Promise<BetterAuth>;
  signIn: SignIn;
  links: Links;
  identify: (request: Request) => Promise<Identity | null>;
  lacksSecondFactor: (identity: Identity) => Promise<boolean>;
}): (request: Request) => Promise<Response> {
  const { pool, settings, signIn, links } = options;

  const passwordRefusal = async (request: Request, body: Record<string, unknown>, identity: Identity | null): Promise<Response | null> => {
    const { newPassword, token } = body;
    if (typeof newPassword !== "string") return null; // better-auth says what is missing
    const userId = identity?.userId ?? (typeof token === "string" ? await links.ownerOfReset(token) : null);
    const owner = userId === null ? null : await findOwner(pool, userId);
    const { password_length: leastLength } = await settings.get();
    const fault = passwordFault(newPassword, owner ?? { email: "", name: "" }, leastLength);
    if (!fault) return null;
    const locale = request.headers.get("accept-language")?.toLowerCase().startsWith("en") ? "en" : "zh-CN";
    if (userId)
      await recordAccountEvent(pool, {
        action: "password_refused",
        userId,
        actorId: identity?.userId ?? null,
        values: { code: fault },
        address: addressOf(request),
      });
    return refusal(422, fault, passwordMessage(fault, leastLength, locale));
  };

  /** Whose second factor is being asked for, by the cookie of the challenge. */
  const challenged = async (betterAuth: BetterAuth, request: Request): Promise<string | null> => {
    const cookie = challengeCookie.exec(request.headers.get("cookie") ?? "")?.[1];
    const identifier = cookie && decodeURIComponent(cookie).split(".")[0];
    if (!identifier) return null;
    const { internalAdapter } = await betterAuth.$context;
    return (await internalAdapter.findVerificationValue(identifier))?.value ?? null;
  };

  const secondFactor = async (request: Request, identity: Identity | null, betterAuth: BetterAuth): Promise<Response> => {
    const userId = identity?.userId ?? (await challenged(betterAuth, request));
    const wasOn = userId === null || (await hasSecondFactor(pool, userId));
    const response = await betterAuth.handler(request);
    const event = { userId, actorId: identity?.userId ?? null, address: addressOf(request) };
    if (!response.ok) {
      await recordAccountEvent(pool, { ...event, action: "second_factor_failed", values: { status: response.status } });
      return response.status === 429 && userId !== null ? withWait(response, await lockedSeconds(pool, userId)) : response;
    }
    if (!identity) return signIn.settle(request, response, "second factor");
    if (!wasOn) await recordAccountEvent(pool, { ...event, action: "second_factor_on" });
    return response;
  };

  const companyCallback = async (request: Request, betterAuth: BetterAuth): Promise<Response> => {
    const response = await betterAuth.handler(request);
    if (sessionTokenOf(response)) return signIn.settle(request, response, "company");
    const location = response.headers.get("location");
    const code = location && new URL(location, request.url).searchParams.get("error");
    await recordAccountEvent(pool, {
      action: "sign_in_failed",
      userId: null,
      actorId: null,
      values: { method: "company", code: code && plainCode.test(code) ? code : "refused" },
      address: addressOf(request),
    });
    return response;
  };

  return async (request) => {
    const { pathname } = new URL(request.url);
    const path = pathname.slice(basePath.length);
    // Looked at first: a session that was left alone for too long ends here, before better-auth would go by it.
    const identity = await options.identify(request);
    const body = await readBody(request);
    if (hasSessionCookie(request) && !identity && !path.startsWith("/sign-in/") && !path.startsWith("/callback/"))
      request = withoutSession(request);
    const betterAuth = await options.betterAuth();
    if (identity && !allowedWithoutSecondFactor(path) && (await options.lacksSecondFactor(identity))) {
      return refusal(403, "SECOND_FACTOR_REQUIRED", "Your role needs a second factor. Set it up first.");
    }
    if (identity?.limits && request.method !== "GET")
      return refusal(403, "KEY_IS_LIMITED", "This API key is limited to data; it can't change an account.");
    if (passwordPaths.has(path)) {
      const refused = await passwordRefusal(request, body, identity);
      if (refused) return refused;
    }
    if (path === "/sign-in/email" && typeof body.email === "string" && typeof body.password === "string") {
      return signIn.byPassword(request, { email: body.email }, () => betterAuth.handler(request));
    }
    if (secondFactorPaths.has(path)) return secondFactor(request, identity, betterAuth);
    if (path.startsWith("/callback/")) return companyCallback(request, betterAuth);

    const action = auditedPaths[path];
    const subject = action === "password_reset" && typeof body.token === "string" ? await links.ownerOfReset(body.token) : null;
    const pass = (): Promise<Response> => betterAuth.handler(request);
    const asksForLetter = action === "password_reset_requested" && typeof body.email === "string" ? { email: body.email } : null;
    const response = await (asksForLetter ? signIn.forLetter(asksForLetter, pass) : pass());
    if (action && response.ok && request.method === "POST") {
      await recordAccountEvent(pool, {
        action,
        userId: identity?.userId ?? subject ?? (asksForLetter && (await findByEmail(pool, asksForLetter.email))),
        actorId: identity?.userId ?? null,
        values: action === "session_ended" ? { reason: path.slice(1) } : {},
        address: addressOf(request),
      });
    }
    return response;
  };
}

const hasSessionCookie = (request: Request): boolean => /kehu\.session_token=/.test(request.headers.get("cookie") ?? "");

/** The request of somebody who is not signed in (any more), but may have a challenge or a device. */
function withoutSession(request: Request): Request {
  const headers = new Headers(request.headers);
  const cookies = (headers.get("cookie") ?? "").split(/;\s*/).filter((cookie) => !/kehu\.session_(token|data)=/.test(cookie));
  if (cookies.length > 0) headers.set("cookie", cookies.join("; "));
  else headers.delete("cookie");
  return new Request(request, { headers });
}

/** The JSON object of the body, as far as it is one; better-auth itself says what is wrong with any other. */
async function readBody(request: Request): Promise<Record<string, unknown>> {
  if (request.method === "GET" || !request.headers.get("content-type")?.startsWith("application/json")) return {};
  try {
    const body: unknown = JSON.parse(await request.clone().text());
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {}; // not JSON, which better-auth answers with 400
  }
}

async function findOwner(pool: Pool, userId: string): Promise<PasswordOwner | null> {
  const { rows } = await pool.query<PasswordOwner>(`select email, name from auth."user" where id::text = $1`, [userId]);
  return rows[0] ?? null;
}

async function findByEmail(pool: Pool, email: string): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>(`select id from auth."user" where email = lower($1)`, [email]);
  return rows[0]?.id ?? null;
}

async function hasSecondFactor(pool: Pool, userId: string): Promise<boolean> {
  const { rows } = await pool.query<{ on: boolean }>(
    `select coalesce("twoFactorEnabled", false) as on from auth."user" where id::text = $1`,
    [userId],
  );
  return rows[0]?.on ?? false;
}

/** For how long wrong codes keep the account's second factor locked; null when they don't. */
async function lockedSeconds(pool: Pool, userId: string): Promise<number | null> {
  const { rows } = await pool.query<{ seconds: number }>(
    `select greatest(1, ceil(extract(epoch from "lockedUntil" - now())))::float8 as seconds from auth."twoFactor"
     where "userId"::text = $1 and "lockedUntil" > now()`,
    [userId],
  );
  return rows[0]?.seconds ?? null;
}

/** better-auth says that an account is locked, but not until when; its limit by address does say so. */
function withWait(response: Response, seconds: number | null): Response {
  if (seconds === null || response.headers.has("x-retry-after")) return response;
  const answer = new Response(response.body, response);
  answer.headers.set("x-retry-after", String(seconds));
  return answer;
}
