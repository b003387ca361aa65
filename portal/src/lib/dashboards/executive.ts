import { m } from "#lib/paraglide/messages.js";
import type { Dashboard } from "#lib/dashboards/definition.ts";
import { countedOrders } from "#lib/dashboards/parts/drills.ts";
import { headline } from "#lib/dashboards/parts/headline.ts";
import { ordersByMonth } from "#lib/dashboards/parts/orders-by-month.ts";

export default {
  title: m.dashboard_executive,
  question: m.dashboard_executive_question,
  position: 10,
  homeOf: ["executive", "administrator", "analyst"],
  roles: ["executive", "administrator", "analyst"],
  period: "this-month",
  tiles: [
    ...headline,
    ordersByMonth,
    {
      kind: "bars",
      id: "orders-by-region",
      span: 5,
      title: m.tile_orders_by_region,
      measure: "orders.amount",
      dimension: "orders.region",
      time: "orders.ordered_at",
      drill: countedOrders,
    },
    { kind: "funnel", id: "funnel", span: 7, title: m.tile_funnel },
    { kind: "leaderboard", id: "leaderboard", span: 5, title: m.tile_leaderboard },
  ],
} satisfies Dashboard;
