import type { RowGrant } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import type { Row } from "../validation/record-schema.ts";
import { eventExpressions, type RecordEvent } from "./event.ts";
import { selectList } from "./output.ts";
import { withinGrant } from "./row-scope.ts";
import { createParams, query, quoted, tableOf } from "./sql.ts";
import type { Write } from "./write.ts";

/** Not worth a line in the audit trail: the entry has its own time, and a new record's version is 1. */
const unaudited = "array['row_key', 'recorded_at', 'updated_at', 'deleted_at', 'version']";

export interface Inserted {
  row: Row;
  /** Whether the new row lies within the caller's grant. When not, the transaction must not be committed. */
  allowed: boolean;
}

/**
 * Writes new rows with their audit entries and first events in one statement, however many they are.
 * Each row has every column of the entity and an `id`. `shown`: whole rows back, or only `id`, `external_id` and `version`.
 * Throws Postgres's error when a unique key is taken (see conflict.ts).
 */
export const insertRows = async (
  write: Write,
  entity: Entity,
  rows: readonly Row[],
  events: readonly RecordEvent[],
  grant: RowGrant,
  shown: "whole" | "key" = "whole",
): Promise<Inserted[]> => {
  const columns = ["id", "external_id", ...Object.keys(entity.columns), "created_at", "recorded_at", "updated_at"].map(quoted).join(", ");
  const params = createParams();
  const given = params.add(JSON.stringify(rows));
  const at = params.add(write.now);
  const actor = params.add(write.principal.userId);
  const ip = params.add(write.source.ip);
  const request = params.add(write.source.requestId);
  const expressions = [
    `inserted as (
      insert into ${tableOf(entity)} (${columns})
      select ${columns} from json_populate_recordset(null::${tableOf(entity)}, ${given}::json)
      returning *)`,
    `audited as (
      insert into audit.entries (at, actor_id, action, entity, record_id, new_values, ip, request_id)
      select ${at}::timestamptz, ${actor}::text, 'create', '${entity.name}', inserted.id::text,
             jsonb_strip_nulls(to_jsonb(inserted) - ${unaudited}), ${ip}::text, ${request}::text
      from inserted)`,
    ...eventExpressions(entity, events, params, at, actor),
  ];
  const within = withinGrant(entity, grant, "inserted", params);
  const list = shown === "whole" ? selectList(entity, "inserted") : "inserted.id, inserted.external_id, inserted.version";
  const found = await query<Row & { kehu_allowed: boolean }>(
    write.client,
    `with ${expressions.join(",\n")} select ${list}, ${within} as kehu_allowed from inserted`,
    params.values,
    // The text is the same for every grant by people alone.
    grant.rows === "some" && grant.terms ? undefined : `insert ${shown} ${entity.name} ${grant.rows}`,
  );
  const byId = new Map(found.map(({ kehu_allowed: allowed, ...row }) => [String(row["id"]), { row: row as Row, allowed }]));
  return rows.map((row) => {
    const inserted = byId.get(String(row["id"]));
    if (!inserted) throw new Error(`${entity.name} ${String(row["id"])} was not inserted`);
    return inserted;
  });
};
