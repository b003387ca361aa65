import type { Drill } from "#lib/dashboards/definition.ts";

/** The documents a figure counts, so that the records under it add up to it. */
export const countedOrders: Drill = {
  view: "orders",
  time: "ordered_at",
  filters: [
    { member: "orders.is_counted", values: ["true"] },
    { member: "orders.kind", values: ["sale"] },
  ],
};
export const countedReceipts: Drill = {
  view: "receipts",
  time: "received_at",
  filters: [{ member: "receipts.status", values: ["confirmed"] }],
};
export const wonDeals: Drill = { view: "opportunities", time: "closed_at", filters: [{ member: "opportunities.status", values: ["won"] }] };
export const closedDeals: Drill = {
  view: "opportunities",
  time: "closed_at",
  filters: [{ member: "opportunities.status", values: ["won", "lost"] }],
};
export const newCustomers: Drill = { view: "customers", time: "created_at" };
