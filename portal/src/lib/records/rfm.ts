import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.records_rfm,
  position: null,
  key: "customer_id",
  columns: [
    "customer",
    "owner",
    "rfm_segment_label_{locale}",
    "recency_days",
    "recency_score",
    "frequency_score",
    "monetary_score",
    "last_order_at",
    "median_interval_days",
    "order_count",
    "amount",
    "lifetime_amount",
  ],
  totals: ["order_count", "amount", "lifetime_amount"],
  time: "last_order_at",
  phone: ["customer", "rfm_segment_label_{locale}", "amount"],
  sort: { column: "amount", descending: true },
} satisfies RecordView;
