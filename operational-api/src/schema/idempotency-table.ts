import { index, integer, jsonb, pgSchema, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "./entity-table.ts";

/** The first answer to each Idempotency-Key, written in the transaction of the change itself. */
export const idempotencyKeys = pgSchema("portal").table(
  "idempotency_keys",
  {
    user_id: text().notNull(),
    route: text().notNull(),
    key: text().notNull(),
    request_hash: text().notNull(),
    status: integer().notNull(),
    headers: jsonb().notNull(),
    body: text().notNull(),
    created_at: instant().notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.user_id, table.route, table.key] }),
    index("idempotency_keys_created_at_idx").on(table.created_at),
  ],
);
