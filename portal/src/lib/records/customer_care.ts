import { m } from "#lib/paraglide/messages.js";
import type { RecordView } from "#lib/records/definition.ts";

export default {
  title: m.tile_neglected_customers,
  position: null,
  key: "customer_id",
  columns: ["customer", "level", "region", "owner", "department", "last_contact_on", "days_since_contact", "order_amount"],
  totals: ["order_amount"],
  time: "last_contact_at",
  phone: ["customer", "owner", "days_since_contact"],
  sort: { column: "last_contact_on", descending: false },
} satisfies RecordView;
