import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.records_churn_risk,
  position: null,
  key: "customer_id",
  columns: [
    "customer",
    "owner",
    "score",
    "reason_1_label_{locale}",
    "reason_2_label_{locale}",
    "reason_3_label_{locale}",
    "fitted_at",
    "horizon_days",
    "sample",
    "amount",
    "expected_loss",
  ],
  totals: ["amount", "expected_loss"],
  time: "fitted_at",
  phone: ["customer", "score", "expected_loss"],
  sort: { column: "expected_loss", descending: true },
} satisfies RecordView;
