import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.records_customers,
  position: 40,
  key: "id",
  columns: ["name", "kind", "industry", "level", "region", "owner", "created_at"],
  totals: [],
  time: "created_at",
  phone: ["name", "region", "owner"],
  sort: { column: "created_at", descending: true },
} satisfies RecordView;
