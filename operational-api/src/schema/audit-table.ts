import { index, jsonb, pgSchema, text, uuid } from "drizzle-orm/pg-core";
import { instant, newId } from "./entity-table.ts";

/** Who did what to which record, with the old and new values of what changed. Append-only by right: the application may insert and read. */
export const auditEntries = pgSchema("audit").table(
  "entries",
  {
    id: uuid().primaryKey().default(newId),
    at: instant().notNull().defaultNow(),
    actor_id: text(),
    action: text().notNull(),
    entity: text().notNull(),
    record_id: text(),
    old_values: jsonb(),
    new_values: jsonb(),
    ip: text(),
    request_id: text(),
  },
  (table) => [
    index("entries_record_idx").on(table.entity, table.record_id, table.at),
    index("entries_actor_idx").on(table.actor_id, table.at),
    index("entries_at_idx").on(table.at),
  ],
);
