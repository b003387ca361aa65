import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

/** Entries into stages: reached from a funnel, once the view tells them apart by `id`. */
export default {
  title: m.records_funnel,
  position: null,
  key: "id",
  columns: ["name", "stage_label_{locale}", "customer", "owner", "department", "entered_at", "entered_amount"],
  totals: ["entered_amount"],
  time: "entered_at",
  phone: ["name", "entered_at", "entered_amount"],
  sort: { column: "entered_at", descending: true },
} satisfies RecordView;
