import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

/** Movements of opportunities, one by one: reached from what they add up to. */
export default {
  title: m.records_pipeline,
  position: null,
  key: "movement_id",
  columns: [
    "name",
    "customer",
    "kind_label_{locale}",
    "stage_label_{locale}",
    "close_month",
    "close_reason_label_{locale}",
    "owner_then",
    "department_then",
    "moved_at",
    "moved_amount",
  ],
  totals: ["moved_amount"],
  time: "moved_at",
  phone: ["name", "kind_label_{locale}", "moved_amount"],
  sort: { column: "moved_at", descending: true },
} satisfies RecordView;
