import { accessTo, grantFor, type Scope } from "../auth/scope.ts";
import { entities } from "../entities/index.ts";
import { readCursor, writeCursor } from "../store/cursor.ts";
import { createParams, query, type Queryable } from "../store/sql.ts";

/** One thing somebody did. `old_values` and `new_values` hold the columns that changed. */
export interface AuditEntry {
  id: string;
  /** RFC 3339 UTC. */
  at: string;
  actor_id: string | null;
  /** The account's name; null for none, or one that is gone. */
  actor: string | null;
  action: string;
  entity: string;
  record_id: string | null;
  old_values: Record<string, unknown> | null;
  new_values: Record<string, unknown> | null;
  ip: string | null;
  request_id: string | null;
  /** Columns whose values the reader may not see as they are; each stands as `•••`. */
  withheld: string[];
  /** Columns whose values were erased with a person's data; each stands as null. */
  erased: string[];
}

export interface AuditFilters {
  entity?: string | undefined;
  record_id?: string | undefined;
  /** A user's id, or a part of name or e-mail address. */
  actor?: string | undefined;
  action?: string | undefined;
  /** A column that changed. */
  field?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  ip?: string | undefined;
  request_id?: string | undefined;
}

export interface AuditQuery extends AuditFilters {
  limit: number;
  cursor?: string | undefined;
}

/** Where the trail is read, and where the names of accounts are (what requests run as may not read those). */
export interface AuditSources {
  trail: Queryable;
  accounts: Queryable;
}

const sort = "-at";
const withheldMark = "•••";
const mostActors = 500;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const actorsLike = async (accounts: Queryable, text: string): Promise<string[]> => {
  if (uuid.test(text)) return [text];
  const rows = await query<{ id: string }>(
    accounts,
    `select id::text as id from auth."user" where strpos(lower(name), lower($1)) > 0 or strpos(lower(email), lower($1)) > 0 limit ${mostActors}`,
    [text],
  );
  return rows.map(({ id }) => id);
};

const conditionsOf = async (
  wanted: AuditFilters,
  { accounts }: AuditSources,
): Promise<{ where: string; params: ReturnType<typeof createParams> }> => {
  const params = createParams();
  const conditions = ["true"];
  const equal = { entity: wanted.entity, record_id: wanted.record_id, action: wanted.action, ip: wanted.ip, request_id: wanted.request_id };
  for (const [column, value] of Object.entries(equal)) if (value !== undefined) conditions.push(`${column} = ${params.add(value)}`);
  if (wanted.actor !== undefined) conditions.push(`actor_id = any (${params.add(await actorsLike(accounts, wanted.actor))}::text[])`);
  if (wanted.field !== undefined) {
    const field = params.add(wanted.field);
    conditions.push(`(old_values ? ${field} or new_values ? ${field})`);
  }
  if (wanted.from !== undefined) conditions.push(`at >= ${params.add(wanted.from)}::timestamptz`);
  if (wanted.to !== undefined) conditions.push(`at < ${params.add(wanted.to)}::timestamptz`);
  return { where: conditions.join(" and "), params };
};

/** `erased_paths`: such as `new.mobile`; null when nothing was erased. */
type Stored = Omit<AuditEntry, "actor" | "withheld" | "erased"> & { erased_paths: string[] | null };

/**
 * An entry as the reader may see it: of an entity of which he may not read every row no values at all, and of the others only the columns
 * that are shown to him in everybody's rows. What is no entity (exports, accounts, rules) is the trail's own and shown.
 */
const shownTo = (scope: Scope, { erased_paths: paths, ...entry }: Stored): Omit<AuditEntry, "actor"> => {
  const isEntity = entities.some(({ name }) => name === entry.entity);
  const isOpen = !isEntity || grantFor(scope, "read", entry.entity).rows === "all";
  const withheld = new Set<string>();
  const shown = (values: Record<string, unknown> | null): Record<string, unknown> | null =>
    values &&
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        if (value === null || (isOpen && (!isEntity || accessTo(scope, entry.entity, name).others === "show"))) return [name, value];
        withheld.add(name);
        return [name, withheldMark];
      }),
    );
  const values = { old_values: shown(entry.old_values), new_values: shown(entry.new_values) };
  const erased = new Set((paths ?? []).map((path) => path.slice(path.indexOf(".") + 1)));
  return { ...entry, ...values, withheld: [...withheld], erased: [...erased] };
};

/** The audit trail, newest first. `from` is included, `to` is not. Throws Problem 400 for a cursor that is none. */
export const searchAudit = async (
  sources: AuditSources,
  scope: Scope,
  wanted: AuditQuery,
): Promise<{ data: AuditEntry[]; next_cursor: string | null }> => {
  const { where, params } = await conditionsOf(wanted, sources);
  let after = "";
  if (wanted.cursor !== undefined) {
    const { value, id } = readCursor(wanted.cursor, sort, "instant");
    after = ` and (at, id) < (${params.add(value)}::timestamptz, ${params.add(id)}::uuid)`;
  }
  const rows = await query<Stored & Record<string, unknown>>(
    sources.trail,
    `select id, at, actor_id, action, entity, record_id, old_values, new_values, ip, request_id,
            (select array(select jsonb_object_keys(erased)) from audit.digests where entry_id = entries.id and erased is not null) as erased_paths
     from audit.entries where ${where}${after} order by at desc, id desc limit ${wanted.limit + 1}`,
    params.values,
  );
  const page = rows.slice(0, wanted.limit);
  const ids = [...new Set(page.flatMap(({ actor_id: actor }) => (actor === null ? [] : [actor])))];
  const named = await query<{ id: string; name: string }>(
    sources.accounts,
    `select id::text as id, name from auth."user" where id::text = any ($1)`,
    [ids],
  );
  const names = new Map(named.map(({ id, name }) => [id, name]));
  const data = page.map((entry): AuditEntry => ({ ...shownTo(scope, entry), actor: names.get(entry.actor_id ?? "") ?? null }));
  const last = data.at(-1);
  return { data, next_cursor: rows.length > wanted.limit && last ? writeCursor({ sort, value: last.at, id: last.id }) : null };
};

/** How many entries there are, up to `most` + 1. */
export const countAudit = async (sources: AuditSources, wanted: AuditFilters, most: number): Promise<number> => {
  const { where, params } = await conditionsOf(wanted, sources);
  const [row] = await query<{ count: number }>(
    sources.trail,
    `select count(*) as count from (select from audit.entries where ${where} limit ${most + 1}) as found`,
    params.values,
  );
  return row?.count ?? 0;
};
