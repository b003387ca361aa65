import { query } from "./sql.ts";
import { newId } from "./uuidv7.ts";
import type { Write } from "./write.ts";

/** Adds an entry about something that is no CRM record. Gives its id. */
export const addAuditEntry = async (
  write: Write,
  action: string,
  entity: string,
  values: Record<string, unknown>,
  about: { recordId?: string; old?: Record<string, unknown> } = {},
): Promise<string> => {
  const id = newId(new Date(write.now));
  await query(
    write.client,
    `insert into audit.entries (id, at, actor_id, action, entity, record_id, old_values, new_values, ip, request_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      id,
      write.now,
      write.principal.userId,
      action,
      entity,
      about.recordId ?? null,
      about.old ? JSON.stringify(about.old) : null,
      JSON.stringify(values),
      write.source.ip,
      write.source.requestId,
    ],
  );
  return id;
};
