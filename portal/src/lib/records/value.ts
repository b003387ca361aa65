import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.records_value,
  position: null,
  key: "customer_id",
  columns: [
    "customer",
    "owner",
    "kind_label_{locale}",
    "tier_label_{locale}",
    "score",
    "profit_class_label_{locale}",
    "amount",
    "margin",
    "service_cost",
    "profit_contribution",
  ],
  totals: ["amount", "margin", "service_cost", "profit_contribution"],
  time: "period",
  phone: ["customer", "tier_label_{locale}", "amount"],
  sort: { column: "amount", descending: true },
} satisfies RecordView;
