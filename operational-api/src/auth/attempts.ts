import { createHmac } from "node:crypto";
import type { Pool } from "pg";

/** How something that fails is slowed down: after `free` failures each next one doubles the wait, from `firstMs` up to `longestMs`. */
export interface BackOff {
  free: number;
  firstMs: number;
  longestMs: number;
}

export interface Subject {
  /** What is counted, such as `account someone@example.com`. Only a digest of it is stored. */
  name: string;
  backOff: BackOff;
}

/** How long nothing must happen until failures are forgotten. */
const quiet = "1 hour";
const keptFor = "1 day";
const purgeEveryMs = 3_600_000;

export interface Attempts {
  /**
   * Counts one try of every subject as failed, before it is made: tries sent at the same moment can't all slip through.
   * `retryAfterSeconds` when one of them has to wait, in which case the try is not to be made.
   * `justBlocked`: this try was the one after which others have to wait.
   */
  begin(subjects: readonly Subject[]): Promise<{ retryAfterSeconds: number | null; justBlocked: boolean }>;
  /** The try was right: forgets the failures of these. */
  clear(subjects: readonly Subject[]): Promise<void>;
  /** The try was right, which says nothing of the others that this subject made: takes it alone back. */
  takeBack(subject: Subject): Promise<void>;
}

export function createAttempts(options: { pool: Pool; secret: string }): Attempts {
  const { pool, secret } = options;
  const digest = (subject: Subject): string => createHmac("sha256", secret).update(`attempt ${subject.name}`).digest("base64url");
  let purgedAt = 0;

  const purgeNowAndThen = async (): Promise<void> => {
    if (performance.now() - purgedAt < purgeEveryMs && purgedAt > 0) return;
    purgedAt = performance.now();
    await pool.query(`delete from auth.attempts where last_at < now() - interval '${keptFor}'`);
  };

  /** Null when the subject has to wait. */
  const count = async (subject: Subject): Promise<{ failures: number } | null> => {
    const { free, firstMs, longestMs } = subject.backOff;
    const { rows } = await pool.query<{ failures: number }>(
      `insert into auth.attempts as known (subject, failures, last_at) values ($1, 1, now())
       on conflict (subject) do update set
         failures = case when known.last_at < now() - interval '${quiet}' then 1 else known.failures + 1 end,
         last_at = now(),
         blocked_until = case when known.last_at >= now() - interval '${quiet}' and known.failures + 1 >= $2
           then now() + least($4::float8, $3::float8 * 2 ^ least(known.failures + 1 - $2, 40)) * interval '1 millisecond' end
       where known.blocked_until is null or known.blocked_until <= now()
       returning failures`,
      [digest(subject), free, firstMs, longestMs],
    );
    return rows[0] ?? null;
  };

  const waitOf = async (subject: Subject): Promise<number> => {
    const { rows } = await pool.query<{ seconds: number }>(
      "select greatest(1, ceil(extract(epoch from blocked_until - now())))::float8 as seconds from auth.attempts where subject = $1",
      [digest(subject)],
    );
    return rows[0]?.seconds ?? 1;
  };

  return {
    begin: async (subjects) => {
      await purgeNowAndThen();
      let justBlocked = false;
      for (const subject of subjects) {
        const counted = await count(subject);
        if (!counted) return { retryAfterSeconds: await waitOf(subject), justBlocked: false };
        justBlocked ||= counted.failures >= subject.backOff.free;
      }
      return { retryAfterSeconds: null, justBlocked };
    },
    clear: async (subjects) => {
      await pool.query("delete from auth.attempts where subject = any($1)", [subjects.map(digest)]);
    },
    takeBack: async (subject) => {
      await pool.query(
        `update auth.attempts set failures = greatest(failures - 1, 0), blocked_until = case when failures > $2 then blocked_until end
          where subject = $1`,
        [digest(subject), subject.backOff.free],
      );
    },
  };
}
