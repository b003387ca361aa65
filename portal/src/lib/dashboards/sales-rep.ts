import { m } from "#lib/paraglide/messages.js";
import type { Dashboard } from "#lib/dashboards/definition.ts";
import { countedOrders } from "#lib/dashboards/parts/drills.ts";
import { headline } from "#lib/dashboards/parts/headline.ts";
import { ordersByMonth } from "#lib/dashboards/parts/orders-by-month.ts";
import { pace, projected } from "#lib/dashboards/parts/pace.ts";

export default {
  title: m.dashboard_rep,
  question: m.dashboard_rep_question,
  position: 30,
  homeOf: ["sales_rep"],
  roles: ["sales_rep"],
  period: "this-month",
  own: true,
  tiles: [
    ...headline,
    { ...pace, span: 4 },
    { ...projected, span: 4 },
    { ...ordersByMonth, title: m.tile_own_orders_by_month },
    { kind: "leaderboard", id: "leaderboard", span: 5, title: m.tile_leaderboard },
    { kind: "funnel", id: "funnel", span: 7, title: m.tile_funnel },
    {
      kind: "bars",
      id: "orders-by-customer",
      span: 5,
      title: m.tile_own_orders_by_customer,
      measure: "orders.amount",
      dimension: "orders.customer",
      time: "orders.ordered_at",
      drill: countedOrders,
    },
    {
      kind: "table",
      id: "neglected",
      span: 12,
      title: m.tile_neglected_customers,
      dimensions: ["customer_care.customer_id", "customer_care.customer", "customer_care.region", "customer_care.last_contact_on"],
      measures: ["customer_care.days_since_contact", "customer_care.order_amount"],
      time: null,
      filters: [{ member: "customer_care.is_neglected", values: ["true"] }],
      order: { member: "customer_care.order_amount", descending: true },
      drill: { view: "orders", time: "ordered_at", by: "customer_care.customer_id" },
    },
  ],
} satisfies Dashboard;
