import type { RowGrant } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import type { Row } from "../validation/record-schema.ts";
import { changeEvents, eventExpressions, type RecordEvent } from "./event.ts";
import { selectList } from "./output.ts";
import { withinGrant } from "./row-scope.ts";
import { createParams, query, quoted, tableOf } from "./sql.ts";
import type { Write } from "./write.ts";

export interface Change {
  /** The verb for the audit trail: update, stage, approve, delete, … */
  action: string;
  /** Columns with their new values; those that equal the old ones are left out. */
  changes: Row;
  /** When the change holds from; now when not given. */
  effectiveAt?: string;
  /** Instead of the events that follow from the changed columns. */
  events?: readonly RecordEvent[];
}

/** The columns whose values differ from the record's. */
export const differing = (before: Row, changes: Row): Row =>
  Object.fromEntries(Object.entries(changes).filter(([name, value]) => value !== undefined && value !== (before[name] ?? null)));

/**
 * Changes one row (which the caller has locked) with its events and audit entry in one statement; version + 1.
 * `allowed` tells whether the row still lies within the grant; when not, the transaction must not be committed.
 */
export const updateRow = async (
  write: Write,
  entity: Entity,
  before: Row,
  change: Change,
  grant: RowGrant,
): Promise<{ row: Row; allowed: boolean }> => {
  const changes = differing(before, change.changes);
  const names = Object.keys(changes);
  const events = change.events ?? changeEvents(entity, before, changes, change.effectiveAt ?? write.now);
  const params = createParams();
  const given = params.add(JSON.stringify(changes));
  const id = params.add(before["id"]);
  const at = params.add(write.now);
  const actor = params.add(write.principal.userId);
  const old = params.add(JSON.stringify(Object.fromEntries(names.map((name) => [name, before[name] ?? null]))));
  const action = params.add(change.action);
  const ip = params.add(write.source.ip);
  const request = params.add(write.source.requestId);
  const assignments = names.map((name) => `${quoted(name)} = given.${quoted(name)}`);
  const expressions = [
    `updated as (
      update ${tableOf(entity)} as target
      set ${[...assignments, "version = target.version + 1", `updated_at = ${at}::timestamptz`].join(", ")}
      from json_populate_record(null::${tableOf(entity)}, ${given}::json) as given
      where target.id = ${id}::uuid
      returning target.*)`,
    `audited as (
      insert into audit.entries (at, actor_id, action, entity, record_id, old_values, new_values, ip, request_id)
      values (${at}::timestamptz, ${actor}::text, ${action}::text, '${entity.name}', ${id}::uuid::text, ${old}::jsonb, ${given}::jsonb, ${ip}::text, ${request}::text))`,
    ...eventExpressions(entity, events, params, at, actor),
  ];
  const within = withinGrant(entity, grant, "updated", params);
  const [found] = await query<Row & { kehu_allowed: boolean }>(
    write.client,
    `with ${expressions.join(",\n")} select ${selectList(entity, "updated")}, ${within} as kehu_allowed from updated`,
    params.values,
  );
  if (!found) throw new Error(`${entity.name} ${String(before["id"])} vanished while it was locked`);
  const { kehu_allowed: allowed, ...row } = found;
  return { row: row as Row, allowed };
};
