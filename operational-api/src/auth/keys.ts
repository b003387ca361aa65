import { createHash } from "node:crypto";
import type { Pool } from "pg";
import { z } from "zod";
import { allSubjects } from "./permissions.ts";
import type { Action, RowGrant, Scope } from "./scope.ts";

/** What an API key is limited to, beside what its user may do; null: nothing more. `entities` null: all. */
export interface KeyLimits {
  keyId: string;
  readOnly: boolean;
  entities: string[] | null;
}

const longestDays = 365;

/** Body of `POST /api/v1/me/keys`. */
export const keyBody = z.strictObject({
  name: z.string().trim().min(1, { error: "give it a name" }).max(60, { error: "at most 60 characters" }),
  expires_in_days: z
    .int({ error: `expected whole days from 1 to ${longestDays}` })
    .min(1, { error: `expected whole days from 1 to ${longestDays}` })
    .max(longestDays, { error: `expected whole days from 1 to ${longestDays}` }),
  read_only: z.boolean({ error: "expected true or false" }).default(true),
  entities: z
    .array(z.enum(allSubjects as [string, ...string[]], { error: `expected names of: ${allSubjects.join(", ")}` }))
    .min(1, { error: "name at least one, or leave it out for all" })
    .nullable()
    .default(null),
});

const reading: ReadonlySet<Action> = new Set(["read", "export"]);

/** As the key plugin keeps it: actions by entity, `*` for all. */
export const permissionsOf = (wanted: Pick<KeyLimits, "readOnly" | "entities">): Record<string, string[]> =>
  Object.fromEntries((wanted.entities ?? ["*"]).map((entity) => [entity, wanted.readOnly ? ["read"] : ["*"]]));

/** The limits a key was made with; null for one made without. What it does not understand it reads as the narrower. */
export function limitsOf(keyId: string, permissions: unknown): KeyLimits | null {
  if (permissions === null || permissions === undefined) return null;
  const entries = Object.entries(permissions as Record<string, unknown>);
  return {
    keyId,
    readOnly: !entries.every(([, allowed]) => Array.isArray(allowed) && allowed.includes("*")),
    entities: entries.some(([entity]) => entity === "*") ? null : entries.map(([entity]) => entity),
  };
}

/** What a user may do by a key: the user's own rights, less what the key leaves out. */
export function narrowScope(scope: Scope, limits: KeyLimits): Scope {
  const grants = Object.fromEntries(
    Object.entries(scope.grants).map(([action, bySubject]) => [
      action,
      limits.readOnly && !reading.has(action as Action)
        ? {}
        : Object.fromEntries(Object.entries(bySubject).filter(([subject]) => limits.entities?.includes(subject) ?? true)),
    ]),
  ) as Record<Action, Record<string, RowGrant>>;
  const version = createHash("sha256")
    .update(JSON.stringify([scope.version, limits.readOnly, limits.entities && [...limits.entities].sort()]))
    .digest("base64url")
    .slice(0, 22);
  // It administers nothing either: what administrators may do is not said by grants.
  return { ...scope, version, grants, roles: scope.roles.filter((role) => role !== "administrator") };
}

const separator = "~";

/** Under which name other processes ask for a scope: the user's id, and the key's when it is narrower. */
export const subjectOf = (userId: string, limits: KeyLimits | null): string => (limits ? `${userId}${separator}${limits.keyId}` : userId);

export function readSubject(subject: string): { userId: string; keyId: string | null } {
  const [userId = "", keyId = null] = subject.split(separator);
  return { userId, keyId };
}

/** The limits of a live key; `undefined` when there is no such key of this user. */
export async function findKeyLimits(pool: Pool, userId: string, keyId: string): Promise<KeyLimits | null | undefined> {
  const { rows } = await pool.query<{ permissions: string | null }>(
    `select permissions from auth.apikey where id::text = $1 and "referenceId"::text = $2 and enabled and ("expiresAt" is null or "expiresAt" > now())`,
    [keyId, userId],
  );
  const found = rows[0];
  return found && limitsOf(keyId, found.permissions === null ? null : JSON.parse(found.permissions));
}

/** An API key as its owner sees it: never the key itself. */
export interface KeyRow {
  id: string;
  name: string | null;
  /** Its first characters. */
  start: string | null;
  read_only: boolean;
  entities: string[] | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

export async function listKeys(client: Pick<Pool, "query">, userId: string): Promise<KeyRow[]> {
  const { rows } = await client.query<Omit<KeyRow, "read_only" | "entities"> & { permissions: string | null }>(
    `select id, name, start, permissions, "createdAt" as created_at, "expiresAt" as expires_at, "lastRequest" as last_used_at
       from auth.apikey where "referenceId"::text = $1 and enabled order by "createdAt" desc, id`,
    [userId],
  );
  return rows.map(({ permissions, ...key }) => {
    const limits = limitsOf(key.id, permissions === null ? null : JSON.parse(permissions));
    return { ...key, read_only: limits?.readOnly ?? false, entities: limits?.entities ?? null };
  });
}

/** Gives how many were revoked. */
export async function revokeKeys(client: Pick<Pool, "query">, userId: string, keyId?: string): Promise<number> {
  const { rowCount } = await client.query(
    `delete from auth.apikey where "referenceId"::text = $1 and ($2::text is null or id::text = $2)`,
    [userId, keyId ?? null],
  );
  return rowCount ?? 0;
}
