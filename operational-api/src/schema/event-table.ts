import { index, integer, text, uuid } from "drizzle-orm/pg-core";
import { crm, instant, newId } from "./entity-table.ts";

/**
 * What an event table tells: from when on (`effective_at`, business time) a record had a value, and who said so when.
 * Creation writes the first event with `from_value` null. `entity` is the singular name.
 */
const eventTable = (name: string, value: () => ReturnType<typeof text> | ReturnType<typeof uuid>) =>
  crm.table(
    name,
    {
      row_key: integer().notNull().generatedAlwaysAsIdentity(),
      id: uuid().primaryKey().default(newId),
      entity: text().notNull(),
      record_id: uuid().notNull(),
      from_value: value(),
      to_value: value(),
      effective_at: instant().notNull().defaultNow(),
      recorded_at: instant().notNull().defaultNow(),
      actor_id: text(),
    },
    (table) => [index(`${name}_record_idx`).on(table.entity, table.record_id, table.effective_at)],
  );

export const stageEvents = eventTable("stage_events", () => text());
export const statusEvents = eventTable("status_events", () => text());
export const ownerEvents = eventTable("owner_events", () => uuid());
export const departmentEvents = eventTable("department_events", () => uuid());
/** Amounts in the record's own currency, and days, as the API spells them: `1200.00`, `2026-11-22`. */
export const amountEvents = eventTable("amount_events", () => text());
export const expectedCloseEvents = eventTable("expected_close_events", () => text());
