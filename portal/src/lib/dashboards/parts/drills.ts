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
export const openDeals: Drill = {
  view: "opportunities",
  time: "created_at",
  filters: [{ member: "opportunities.status", values: ["open"] }],
};
export const newCustomers: Drill = { view: "customers", time: "created_at" };

/** Movements of the open pipeline of certain kinds; `side` where a movement leaves one place and enters another. */
export const moves = (kinds: readonly string[], side?: "in" | "out"): Drill => ({
  view: "pipeline",
  time: "moved_at",
  filters: [
    { member: "pipeline.status", values: ["open"] },
    { member: "pipeline.kind", values: kinds },
    ...(side ? [{ member: "pipeline.side", values: [side] }] : []),
  ],
});
