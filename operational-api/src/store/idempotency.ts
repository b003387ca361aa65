import { createHash } from "node:crypto";
import type { Pool } from "pg";
import { Problem } from "../problem.ts";
import { query } from "./sql.ts";
import type { Write } from "./write.ts";

/** An answer that can be given again, word for word. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const keptHours = 24;

const hashOf = (body: string): string => createHash("sha256").update(body).digest("base64url");

/**
 * Claims an Idempotency-Key for this transaction. Gives the stored answer when the same request was already answered, null when it is ours to do.
 * A concurrent retry waits here until the first one's transaction has ended. 422 when the key came with another body before.
 */
export const claimKey = async (write: Write, route: string, key: string, body: string): Promise<Answer | null> => {
  const hash = hashOf(body);
  const owner = [write.principal.userId, route, key];
  const claimed = await query(
    write.client,
    `insert into portal.idempotency_keys as known (user_id, route, key, request_hash, status, headers, body, created_at)
     values ($1, $2, $3, $4, 0, '{}', '', $5)
     on conflict (user_id, route, key) do update
       set request_hash = excluded.request_hash, status = 0, headers = '{}', body = '', created_at = excluded.created_at
       where known.created_at < excluded.created_at - make_interval(hours => ${keptHours})
     returning 1`,
    [...owner, hash, write.now],
  );
  if (claimed.length > 0) return null;
  const [known] = await query<Answer & { request_hash: string }>(
    write.client,
    "select request_hash, status, headers, body from portal.idempotency_keys where user_id = $1 and route = $2 and key = $3",
    owner,
  );
  if (!known) throw new Error("an idempotency key vanished while it was read");
  if (known.request_hash !== hash) {
    throw new Problem(422, "this Idempotency-Key was used for another body before; a new request needs a new key", {
      errors: [{ field: "Idempotency-Key", reason: "was used with another body" }],
    });
  }
  return { status: known.status, headers: known.headers, body: known.body };
};

/** Stores the answer with the change it belongs to. */
export const keepAnswer = async (write: Write, route: string, key: string, answer: Answer): Promise<void> => {
  await query(
    write.client,
    "update portal.idempotency_keys set status = $4, headers = $5, body = $6 where user_id = $1 and route = $2 and key = $3",
    [write.principal.userId, route, key, answer.status, JSON.stringify(answer.headers), answer.body],
  );
};

/** Forgets the keys that are no longer kept. */
export const purgeKeys = async (pool: Pool, now: string): Promise<void> => {
  await query(pool, `delete from portal.idempotency_keys where created_at < $1::timestamptz - make_interval(hours => ${keptHours})`, [now]);
};
