import type { MetricTile } from "#lib/dashboards/definition.ts";
import { countedOrders, countedReceipts, newCustomers, wonDeals } from "#lib/dashboards/parts/drills.ts";
import { winRate } from "#lib/dashboards/parts/win-rate.ts";

/** The five figures every sales page begins with; who sees whose is the semantic layer's decision. */
export const headline: readonly MetricTile[] = [
  {
    kind: "metric",
    id: "order-amount",
    span: 4,
    measure: "orders.amount",
    time: "orders.ordered_at",
    target: "order_amount",
    drill: countedOrders,
  },
  {
    kind: "metric",
    id: "receipts",
    span: 4,
    measure: "receipts.amount",
    time: "receipts.received_at",
    target: "receipt_amount",
    drill: countedReceipts,
  },
  {
    kind: "metric",
    id: "won-amount",
    span: 4,
    measure: "opportunities.won_amount",
    time: "opportunities.closed_at",
    target: "won_amount",
    drill: wonDeals,
  },
  winRate,
  {
    kind: "metric",
    id: "new-customers",
    span: 4,
    measure: "customers.new_count",
    time: "customers.created_at",
    target: "new_customers",
    drill: newCustomers,
  },
];
