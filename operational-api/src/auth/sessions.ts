import type { Pool } from "pg";

/** One place where an account is signed in. */
export interface SessionRow {
  id: string;
  device: string | null;
  address: string | null;
  /** How it began: `password`, `second factor`, `company` (OpenID Connect). */
  method: string | null;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
}

/** A session's last request is written down at most this often. */
const touchEveryMs = 20_000;
const mostKept = 10_000;

export interface SessionClock {
  /** Notes a request that the session's user made. */
  touch(sessionId: string): Promise<void>;
}

export function createSessionClock(pool: Pool): SessionClock {
  const touched = new Map<string, number>();
  return {
    touch: async (sessionId) => {
      const now = performance.now();
      if (now - (touched.get(sessionId) ?? -Infinity) < touchEveryMs) return;
      if (touched.size >= mostKept) touched.clear();
      touched.set(sessionId, now);
      await pool.query(`update auth.session set "lastSeenAt" = now() where id::text = $1`, [sessionId]);
    },
  };
}

/** SQL: whether a session row (`session`) was used within the company's idle time. */
export const isInUse = `coalesce(session."lastSeenAt", session."createdAt") > now() - (select idle_minutes from auth.account_settings) * interval '1 minute'`;

/** The sessions that are alive, the one used last first. */
export async function listSessions(client: Pick<Pool, "query">, userId: string): Promise<SessionRow[]> {
  const { rows } = await client.query<SessionRow>(
    `select session.id, device.name as device, session."ipAddress" as address, session.method, session."createdAt" as created_at,
            coalesce(session."lastSeenAt", session."createdAt") as last_seen_at, session."expiresAt" as expires_at
       from auth.session as session left join auth.devices as device on device.id::text = session."deviceId"
      where session."userId"::text = $1 and session."expiresAt" > now() and ${isInUse}
      order by last_seen_at desc, session.id`,
    [userId],
  );
  return rows;
}

/** Ends the sessions of a user: one by its id, all but one, or all. Gives how many. */
export async function endSessions(
  client: Pick<Pool, "query">,
  userId: string,
  which: { only: string } | { allBut: string } | "all",
): Promise<number> {
  const condition = which === "all" ? "" : "only" in which ? "and id::text = $2" : "and id::text <> $2";
  const values = which === "all" ? [userId] : [userId, "only" in which ? which.only : which.allBut];
  const { rowCount } = await client.query(`delete from auth.session where "userId"::text = $1 ${condition}`, values);
  return rowCount ?? 0;
}

/** Ends those unused for longest beyond the company's limit, never `kept`, which has just begun. Gives how many. */
export async function endSessionsBeyondLimit(client: Pick<Pool, "query">, userId: string, kept: string): Promise<number> {
  const { rowCount } = await client.query(
    `delete from auth.session where id in (
       select id from auth.session where "userId"::text = $1 and id::text <> $2
        order by coalesce("lastSeenAt", "createdAt") desc
       offset (select session_limit - 1 from auth.account_settings))`,
    [userId, kept],
  );
  return rowCount ?? 0;
}
