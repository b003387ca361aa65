import { m } from "#lib/paraglide/messages.js";
import type { SeriesTile } from "#lib/dashboards/definition.ts";
import { countedOrders } from "#lib/dashboards/parts/drills.ts";

/** A year of orders against each month's target; whose orders is the semantic layer's decision. */
export const ordersByMonth = {
  kind: "series",
  id: "orders-by-month",
  span: 7,
  title: m.tile_orders_by_month,
  measure: "orders.amount",
  time: "orders.ordered_at",
  target: "order_amount",
  drill: countedOrders,
} satisfies SeriesTile;
