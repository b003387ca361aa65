import type { Entity } from "../entities/definition.ts";
import type { Row, Value } from "../validation/record-schema.ts";
import { type Params, query, type Queryable } from "./sql.ts";

export const eventKinds = ["stage", "status", "owner", "department", "amount", "expected_close"] as const;
export type EventKind = (typeof eventKinds)[number];

/** From `effective_at` on the record has `to_value`. */
export interface RecordEvent {
  kind: EventKind;
  record_id: string;
  from_value: Value;
  to_value: Value;
  effective_at: string;
}

const valueType: Record<EventKind, "text" | "uuid"> = {
  stage: "text",
  status: "text",
  owner: "uuid",
  department: "uuid",
  amount: "text",
  expected_close: "text",
};

/** The first events of a new record: each followed column that has a value gets it from `created_at` on. */
export const creationEvents = (entity: Entity, row: Row): RecordEvent[] =>
  eventKinds.flatMap((kind) => {
    const column = entity.events?.[kind];
    const value = column === undefined ? null : (row[column] ?? null);
    if (value === null) return [];
    return [{ kind, record_id: String(row["id"]), from_value: null, to_value: value, effective_at: String(row["created_at"]) }];
  });

/** The events of a change: one for each followed column whose value is another now. */
export const changeEvents = (entity: Entity, before: Row, changes: Row, effectiveAt: string): RecordEvent[] =>
  eventKinds.flatMap((kind) => {
    const column = entity.events?.[kind];
    if (column === undefined || !(column in changes) || changes[column] === before[column]) return [];
    const values = { from_value: before[column] ?? null, to_value: changes[column] ?? null };
    return [{ kind, record_id: String(before["id"]), ...values, effective_at: effectiveAt }];
  });

/** When the record's last event of this kind holds from; null when it has none. */
export const lastEventAt = async (client: Queryable, entity: Entity, kind: EventKind, recordId: string): Promise<string | null> => {
  const [last] = await query<{ at: string }>(
    client,
    `select effective_at as at from crm.${kind}_events where entity = $1 and record_id = $2 order by effective_at desc, row_key desc limit 1`,
    [entity.name, recordId],
  );
  return last?.at ?? null;
};

/** Common table expressions that write events, to stand in the same statement as the change itself. `at` and `actor` are placeholders. */
export const eventExpressions = (entity: Entity, events: readonly RecordEvent[], params: Params, at: string, actor: string): string[] =>
  eventKinds
    .filter((kind) => entity.events?.[kind] !== undefined)
    .map((kind) => {
      const rows = params.add(JSON.stringify(events.filter((event) => event.kind === kind)));
      const type = valueType[kind];
      return `${kind}_written as (
        insert into crm.${kind}_events (entity, record_id, from_value, to_value, effective_at, recorded_at, actor_id)
        select '${entity.name}', given.record_id, given.from_value, given.to_value, given.effective_at, ${at}::timestamptz, ${actor}::text
        from json_to_recordset(${rows}::json) as given(record_id uuid, from_value ${type}, to_value ${type}, effective_at timestamptz))`;
    });
