import { query, type Queryable } from "../store/sql.ts";

/** How far the audit trail is sealed, as `GET /api/v1/audit/seal` answers. */
export interface SealState {
  /** Null before the first. `digest`: SHA-256, hexadecimal. `sealed_at`: RFC 3339 UTC. */
  last: { id: number; digest: string; sealed_at: string } | null;
  /** Entries under all seals. */
  sealed: number;
  /** Entries that no seal covers yet, and when the oldest of them was written; null when there is none. */
  waiting: number;
  waiting_since: string | null;
}

/** Reads what the sealer has written down; it proves nothing by itself (`kehu audit verify` does). */
export async function readSealState(trail: Queryable): Promise<SealState> {
  const [last] = await query<{ id: number; digest: string; sealed_at: string }>(
    trail,
    "select id::int as id, encode(digest, 'hex') as digest, sealed_at from audit.seals order by id desc limit 1",
  );
  const [counts] = await query<Omit<SealState, "last">>(
    trail,
    `select (select coalesce(sum(entries), 0)::int from audit.seals) as sealed, count(*)::int as waiting, min(entries.at) as waiting_since
     from audit.unsealed left join audit.entries on entries.id = unsealed.entry_id`,
  );
  if (!counts) throw new Error("the seals of the audit trail could not be counted");
  return { last: last ?? null, ...counts };
}
