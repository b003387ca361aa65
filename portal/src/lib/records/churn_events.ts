import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.records_churn_events,
  position: null,
  key: "id",
  columns: ["customer", "owner", "method_label_{locale}", "churned_at", "won_back_at", "reason_label_{locale}", "lost_amount"],
  totals: ["lost_amount"],
  time: "churned_at",
  phone: ["customer", "churned_at", "lost_amount"],
  sort: { column: "lost_amount", descending: true },
} satisfies RecordView;
