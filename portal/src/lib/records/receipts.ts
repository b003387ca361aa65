import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.records_receipts,
  position: 30,
  key: "id",
  columns: ["number", "received_at", "customer", "owner", "department", "method", "status", "amount"],
  totals: ["amount"],
  time: "received_at",
  phone: ["customer", "received_at", "amount"],
  sort: { column: "received_at", descending: true },
} satisfies RecordView;
