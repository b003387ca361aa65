import type { Pool } from "pg";
import { actions, type Action, grantFor, type RowGrant, type Scope } from "./scope.ts";

/** Looking with another's eyes: by session, which user's scope it sees instead of its own. */
export interface SeeAs {
  /** The user whose eyes the session looks with; null for its own. */
  seenBy(sessionId: string): Promise<string | null>;
  /** Forgets what is known of the sessions, after one has changed. */
  forget(): void;
}

/** One row per session that looks with another's eyes; it ends with the session, or when somebody ends it. */
export const seeAsTable = `
  create table if not exists auth.see_as (
    session_id text primary key,
    user_id uuid not null references auth."user" (id) on delete cascade,
    started_at timestamptz not null default now()
  )`;

const keptMs = 5_000;
const mostKept = 10_000;

export function createSeeAs(pool: Pool): SeeAs {
  const kept = new Map<string, { seen: Promise<string | null>; until: number }>();
  return {
    seenBy: (sessionId) => {
      const now = performance.now();
      const known = kept.get(sessionId);
      if (known && known.until > now) return known.seen;
      const seen = pool
        .query<{ user_id: string }>("select user_id from auth.see_as where session_id = $1", [sessionId])
        .then(({ rows }) => rows[0]?.user_id ?? null);
      if (kept.size >= mostKept) kept.clear();
      kept.set(sessionId, { seen, until: now + keptMs });
      seen.catch(() => kept.delete(sessionId));
      return seen;
    },
    forget: () => kept.clear(),
  };
}

/** Whether the scope's holder may look with others' eyes. */
export const maySeeAs = (scope: Scope): boolean => grantFor(scope, "read", "see_as").rows === "all";

/** What is left of a scope for who only looks with its holder's eyes: reading. It keeps its version, by which the warehouse's readers know it. */
export const lookingOnly = (scope: Scope): Scope => ({
  ...scope,
  grants: Object.fromEntries(actions.map((action) => [action, action === "read" ? scope.grants.read : {}])) as Record<
    Action,
    Record<string, RowGrant>
  >,
});
