import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.records_receivables,
  position: 40,
  key: "id",
  columns: [
    "number",
    "customer",
    "owner",
    "department",
    "kind",
    "due_on",
    "bucket_label_{locale}",
    "overdue_days",
    "amount",
    "received_amount",
    "open_amount",
    "overdue_amount",
  ],
  totals: ["amount", "received_amount", "open_amount", "overdue_amount"],
  time: "due_on",
  phone: ["customer", "due_on", "open_amount"],
  sort: { column: "due_on", descending: true },
} satisfies RecordView;
