import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.records_orders,
  position: 20,
  key: "id",
  columns: ["number", "ordered_at", "customer", "region", "owner", "department", "kind", "status", "amount", "margin"],
  totals: ["amount", "margin"],
  time: "ordered_at",
  phone: ["customer", "ordered_at", "amount"],
  sort: { column: "ordered_at", descending: true },
} satisfies RecordView;
