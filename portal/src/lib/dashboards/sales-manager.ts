import { m } from "#lib/paraglide/messages.js";
import type { Dashboard } from "#lib/dashboards/definition.ts";
import { countedOrders } from "#lib/dashboards/parts/drills.ts";
import { headline } from "#lib/dashboards/parts/headline.ts";
import { ordersByMonth } from "#lib/dashboards/parts/orders-by-month.ts";

export default {
  title: m.dashboard_manager,
  question: m.dashboard_manager_question,
  position: 20,
  homeOf: ["sales_manager"],
  roles: ["sales_manager"],
  period: "this-month",
  tiles: [
    ...headline,
    ordersByMonth,
    {
      kind: "bars",
      id: "orders-by-owner",
      span: 5,
      title: m.tile_orders_by_owner,
      measure: "orders.amount",
      dimension: "orders.owner",
      time: "orders.ordered_at",
      drill: countedOrders,
    },
    { kind: "funnel", id: "funnel", span: 7, title: m.tile_funnel },
    { kind: "leaderboard", id: "leaderboard", span: 5, title: m.tile_leaderboard },
  ],
} satisfies Dashboard;
