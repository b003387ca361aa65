import { createHash, randomBytes } from "node:crypto";
import type { Pool } from "pg";

/** `known`: used by the account while it was bound to no device. `waiting`: refused until somebody admits it. `admitted`: by an administrator or a link. */
export type DeviceState = "known" | "waiting" | "admitted";

export interface Device {
  id: string;
  name: string;
  state: DeviceState;
  address: string | null;
  created_at: string;
  last_seen_at: string;
}

const cookieName = "kehu.device";
const cookieDays = 400; // the longest that browsers keep one
const tokenPattern = new RegExp(`(?:^|;\\s*)(?:__Secure-)?${cookieName.replace(".", "\\.")}=([\\w-]{43})(?:;|$)`);

const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64url");

/** The browser's own secret, which says that it is the same browser as before; null when it has none. */
export const deviceTokenOf = (request: Request): string | null => tokenPattern.exec(request.headers.get("cookie") ?? "")?.[1] ?? null;

export const newDeviceToken = (): string => randomBytes(32).toString("base64url");

export const deviceCookie = (token: string, isHttps: boolean): string =>
  `${isHttps ? "__Secure-" : ""}${cookieName}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${cookieDays * 86_400}${isHttps ? "; Secure" : ""}`;

const browsers: [RegExp, string][] = [
  [/Edg\//, "Edge"],
  [/MicroMessenger/, "WeChat"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const systems: [RegExp, string][] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** `Chrome, Windows`; what an unknown program calls itself (its first word). */
export function deviceName(userAgent: string | null): string {
  const agent = userAgent ?? "";
  const find = (list: [RegExp, string][]): string | undefined => list.find(([pattern]) => pattern.test(agent))?.[1];
  const found = [find(browsers), find(systems)].filter((part) => part !== undefined);
  return found.length > 0 ? found.join(", ") : (/^[\w.-]{1,40}/.exec(agent)?.[0] ?? "?");
}

/** Whether the account was used from this browser before, without being refused there. */
export async function findUsedDevice(pool: Pool, email: string, token: string | null): Promise<string | null> {
  if (!token) return null;
  const { rows } = await pool.query<{ id: string }>(
    `select device.id from auth.devices as device join auth."user" as account on account.id = device.user_id
      where account.email = lower($1) and device.token_hash = $2 and device.state <> 'waiting'`,
    [email, hashOf(token)],
  );
  return rows[0]?.id ?? null;
}

/**
 * Notes that the account is used from the browser with this token, and answers its device.
 * Of an account that is bound to devices, one that nobody admitted is `waiting` and `isAllowed` is false.
 */
export async function noteDevice(
  client: Pick<Pool, "query">,
  given: { userId: string; token: string; userAgent: string | null; address: string | null },
): Promise<{ id: string; isAllowed: boolean; isNew: boolean }> {
  const { rows } = await client.query<{ id: string; is_allowed: boolean; is_new: boolean }>(
    `with holder as (select device_bound from auth.holders where user_id = $1)
     insert into auth.devices as known (user_id, token_hash, name, state, address)
     select $1, $2, $3, case when device_bound then 'waiting' else 'known' end, $4 from holder
     on conflict (user_id, token_hash) do update set last_seen_at = now(), address = excluded.address,
       state = case when known.state = 'admitted' then 'admitted' else excluded.state end
     returning id, state <> 'waiting' as is_allowed, xmax = 0 as is_new`,
    [given.userId, hashOf(given.token), deviceName(given.userAgent), given.address],
  );
  const device = rows[0];
  return { id: device?.id ?? "", isAllowed: device?.is_allowed ?? false, isNew: device?.is_new ?? false };
}

export async function listDevices(client: Pick<Pool, "query">, userId: string): Promise<Device[]> {
  const { rows } = await client.query<Device>(
    `select id, name, state, address, created_at, last_seen_at from auth.devices where user_id::text = $1 order by last_seen_at desc`,
    [userId],
  );
  return rows;
}
