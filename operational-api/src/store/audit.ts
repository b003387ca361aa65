import { readCursor, writeCursor } from "./cursor.ts";
import { createParams, query, type Queryable } from "./sql.ts";
import { newId } from "./uuidv7.ts";
import type { Write } from "./write.ts";

/** One thing somebody did. `old_values` and `new_values` hold the columns that changed. */
export interface AuditEntry extends Record<string, unknown> {
  id: string;
  at: string;
  actor_id: string | null;
  action: string;
  entity: string;
  record_id: string | null;
  old_values: Record<string, unknown> | null;
  new_values: Record<string, unknown> | null;
  ip: string | null;
  request_id: string | null;
}

export interface AuditQuery {
  entity?: string | undefined;
  record_id?: string | undefined;
  actor?: string | undefined;
  action?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

const sort = "-at";

/** The audit trail, newest first. `from` is included, `to` is not. */
export const listAudit = async (client: Queryable, wanted: AuditQuery): Promise<{ data: AuditEntry[]; next_cursor: string | null }> => {
  const params = createParams();
  const conditions = ["true"];
  const equal = { entity: wanted.entity, record_id: wanted.record_id, actor_id: wanted.actor, action: wanted.action };
  for (const [column, value] of Object.entries(equal)) if (value !== undefined) conditions.push(`${column} = ${params.add(value)}`);
  if (wanted.from !== undefined) conditions.push(`at >= ${params.add(wanted.from)}::timestamptz`);
  if (wanted.to !== undefined) conditions.push(`at < ${params.add(wanted.to)}::timestamptz`);
  if (wanted.cursor !== undefined) {
    const { value, id } = readCursor(wanted.cursor, sort, "instant");
    conditions.push(`(at, id) < (${params.add(value)}::timestamptz, ${params.add(id)}::uuid)`);
  }
  const rows = await query<AuditEntry>(
    client,
    `select id, at, actor_id, action, entity, record_id, old_values, new_values, ip, request_id from audit.entries
     where ${conditions.join(" and ")} order by at desc, id desc limit ${wanted.limit + 1}`,
    params.values,
  );
  const data = rows.slice(0, wanted.limit);
  const last = data.at(-1);
  return { data, next_cursor: rows.length > wanted.limit && last ? writeCursor({ sort, value: last.at, id: last.id }) : null };
};

/** Adds an entry about something that is no CRM record. Gives its id. */
export const addAuditEntry = async (write: Write, action: string, entity: string, values: Record<string, unknown>): Promise<string> => {
  const id = newId(new Date(write.now));
  await query(
    write.client,
    `insert into audit.entries (id, at, actor_id, action, entity, new_values, ip, request_id) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, write.now, write.principal.userId, action, entity, JSON.stringify(values), write.source.ip, write.source.requestId],
  );
  return id;
};
