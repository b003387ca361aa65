import type { Pool } from "pg";
import { recordAccountEvent } from "./account-audit.ts";
import type { Attempts, Subject } from "./attempts.ts";
import { deviceCookie, deviceName, deviceTokenOf, findUsedDevice, newDeviceToken, noteDevice } from "./devices.ts";
import { endSessionsBeyondLimit } from "./sessions.ts";

/** How wrong passwords are slowed down. None of these ever refuses for good, and a browser that the account was used from has a count of its own. */
const backOff = {
  /** One account from one address, or from one browser that it was used from before. */
  pair: { free: 5, firstMs: 10_000, longestMs: 900_000 },
  /** One account from all browsers that it was never used from: somebody who tries from many addresses. The owner waits a minute at most. */
  account: { free: 20, firstMs: 10_000, longestMs: 60_000 },
  /** One address, whatever account: somebody who tries one password on many. */
  address: { free: 50, firstMs: 10_000, longestMs: 300_000 },
  /** Letters with a link to one mailbox. */
  letter: { free: 3, firstMs: 60_000, longestMs: 3_600_000 },
} as const;

export type SignInMethod = "password" | "second factor" | "company";

/** Answers with a body as better-auth's errors have it; the route makes a problem document of it. */
export const refusal = (status: number, code: string, message: string, headers: Record<string, string> = {}): Response =>
  Response.json({ code, message }, { status, headers });

const tooMany = (seconds: number): Response =>
  refusal(429, "TOO_MANY_ATTEMPTS", `Too many attempts. Try again in ${seconds} seconds.`, { "x-retry-after": String(seconds) });

export const addressOf = (request: Request): string | null => request.headers.get("x-forwarded-for");

const sessionCookieName = /^(?:__Secure-)?kehu\.session_token=([^;]*)/;

/** The token of the session that an answer begins; null when it begins none. */
export function sessionTokenOf(response: Response): string | null {
  // The last word counts: a second factor takes back the session that the password began.
  const line = response.headers.getSetCookie().findLast((each) => sessionCookieName.test(each));
  const value = line && sessionCookieName.exec(line)?.[1];
  return value ? (decodeURIComponent(value).split(".")[0] ?? null) : null;
}

export interface SignIn {
  /** Passes a sign-in by e-mail and password on, slowed down when there were too many wrong ones; says nothing about whether the account exists. */
  byPassword(request: Request, given: { email: string }, pass: () => Promise<Response>): Promise<Response>;
  /** Passes a request for a password link on, unless the mailbox has had enough of them. */
  forLetter(given: { email: string }, pass: () => Promise<Response>): Promise<Response>;
  /**
   * Finishes a sign-in whose answer sets a session cookie: device, limit of parallel sessions, audit.
   * The answer it gives is the one to send: with the device's cookie, or a refusal without the session when the account is bound to other devices.
   */
  settle(request: Request, response: Response, method: SignInMethod): Promise<Response>;
}

export function createSignIn(options: {
  pool: Pool;
  attempts: Attempts;
  isHttps: boolean;
  /** Told of a browser that an account bound to devices was used from for the first time. */
  onWaitingDevice(device: { userId: string; deviceId: string; name: string }): Promise<void>;
}): SignIn {
  const { pool, attempts, isHttps } = options;

  const settle: SignIn["settle"] = async (request, response, method) => {
    const token = sessionTokenOf(response);
    if (!token) return response;
    const deviceToken = deviceTokenOf(request) ?? newDeviceToken();
    const userAgent = request.headers.get("user-agent");
    const address = addressOf(request);
    const client = await pool.connect();
    try {
      await client.query("begin");
      const { rows } = await client.query<{ id: string; userId: string }>(`select id, "userId" from auth.session where token = $1`, [
        token,
      ]);
      const session = rows[0];
      if (!session) throw new Error("a session that was just made is not there");
      const { userId } = session;
      const device = await noteDevice(client, { userId, token: deviceToken, userAgent, address });
      const event = { userId, actorId: userId, address };
      if (!device.isAllowed) {
        await client.query("delete from auth.session where id = $1", [session.id]);
        await recordAccountEvent(client, { ...event, action: "device_waiting", values: { device_id: device.id, method } });
      } else {
        await client.query(`update auth.session set "lastSeenAt" = now(), "deviceId" = $2, method = $3 where id = $1`, [
          session.id,
          device.id,
          method,
        ]);
        const ended = await endSessionsBeyondLimit(client, userId, session.id);
        await recordAccountEvent(client, { ...event, action: "sign_in", values: { method, session_id: session.id, device_id: device.id } });
        if (ended > 0)
          await recordAccountEvent(client, { ...event, action: "session_ended", values: { reason: "limit", sessions: ended } });
      }
      await client.query("commit");
      if (device.isAllowed) {
        const answer = new Response(response.body, response);
        answer.headers.append("set-cookie", deviceCookie(deviceToken, isHttps));
        return answer;
      }
      if (device.isNew) await options.onWaitingDevice({ userId, deviceId: device.id, name: deviceName(userAgent) });
      return deviceRefusal(response, deviceCookie(deviceToken, isHttps));
    } catch (error) {
      await client.query("rollback");
      // A session that could not be settled must not be used: it has no device, and nobody will find it in the audit trail.
      await pool.query("delete from auth.session where token = $1", [token]);
      throw error;
    } finally {
      client.release();
    }
  };

  return {
    settle,
    forLetter: async ({ email }, pass) => {
      const { retryAfterSeconds } = await attempts.begin([{ name: `letter ${email.toLowerCase()}`, backOff: backOff.letter }]);
      return retryAfterSeconds === null ? pass() : tooMany(retryAfterSeconds);
    },
    byPassword: async (request, { email }, pass) => {
      const address = addressOf(request);
      const known = await findUsedDevice(pool, email, deviceTokenOf(request));
      const account = email.toLowerCase();
      const ofAddress: Subject = { name: `address ${address}`, backOff: backOff.address };
      const ofAccount: Subject[] = known
        ? [{ name: `account ${account} device ${known}`, backOff: backOff.pair }]
        : [
            { name: `account ${account} address ${address}`, backOff: backOff.pair },
            { name: `account ${account}`, backOff: backOff.account },
          ];
      const { retryAfterSeconds, justBlocked } = await attempts.begin([ofAddress, ...ofAccount]);
      if (retryAfterSeconds !== null) return tooMany(retryAfterSeconds);
      const response = await pass();
      if (response.ok) {
        await attempts.clear(ofAccount);
        await attempts.takeBack(ofAddress);
        return settle(request, response, "password");
      }
      if (response.status === 429) return response;
      const { rows } = await pool.query<{ id: string }>(`select id from auth."user" where email = $1`, [account]);
      const failed = { userId: rows[0]?.id ?? null, actorId: null, address };
      await recordAccountEvent(pool, { ...failed, action: "sign_in_failed", values: { method: "password", status: response.status } });
      if (justBlocked) await recordAccountEvent(pool, { ...failed, action: "sign_in_blocked" });
      return response;
    },
  };
}

/** In place of the session; a browser on its way back from the company's provider is sent to a page that says it. */
function deviceRefusal(response: Response, cookie: string): Response {
  if (response.status >= 300 && response.status < 400) {
    return new Response(null, { status: 302, headers: { location: "/sign-in?error=DEVICE_NOT_ADMITTED", "set-cookie": cookie } });
  }
  return refusal(403, "DEVICE_NOT_ADMITTED", "This account is bound to other devices. Ask an administrator to admit this one.", {
    "set-cookie": cookie,
  });
}
