import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.records_opportunities,
  position: 10,
  key: "id",
  columns: [
    "name",
    "customer",
    "owner",
    "department",
    "stage_label_{locale}",
    "status",
    "close_reason_label_{locale}",
    "amount",
    "created_at",
    "closed_at",
    "product",
  ],
  totals: ["amount"],
  time: "created_at",
  phone: ["name", "status", "amount"],
  sort: { column: "created_at", descending: true },
} satisfies RecordView;
