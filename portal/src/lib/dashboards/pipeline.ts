import { m } from "#lib/paraglide/messages.js";
import type { Dashboard, PictureTile, Text } from "#lib/dashboards/definition.ts";
import { closedDeals, wonDeals } from "#lib/dashboards/parts/drills.ts";
import { winRate } from "#lib/dashboards/parts/win-rate.ts";

const time = "opportunities.closed_at";
const measures = ["won_count", "lost_count", "win_rate", "won_amount", "avg_cycle_days"].map((name) => `opportunities.${name}`);
const zeros = ["won_count", "lost_count", "won_amount"].map((name) => `opportunities.${name}`);
const order = { member: "opportunities.won_amount", descending: true };

/** Why deals ended so, by the company's own list of reasons. */
const reasons = (status: "won" | "lost", title: Text, counted: readonly [string, string]): PictureTile => ({
  kind: "picture",
  id: `${status}-reasons`,
  picture: "columns",
  span: 6,
  title,
  dimensions: ["opportunities.close_reason"],
  measures: counted.map((name) => `opportunities.${name}`),
  time,
  filters: [{ member: "opportunities.status", values: [status] }],
  order: [{ member: `opportunities.${counted[0]}`, descending: true }],
  drill: { view: "opportunities", time: "closed_at", filters: [{ member: "opportunities.status", values: [status] }] },
});

export default {
  title: m.dashboard_pipeline,
  question: m.dashboard_pipeline_question,
  position: 40,
  homeOf: [],
  period: "this-year",
  tiles: [
    { kind: "metric", id: "won-amount", span: 4, measure: "opportunities.won_amount", time, target: "won_amount", drill: wonDeals },
    { kind: "metric", id: "won-count", span: 4, measure: "opportunities.won_count", time, drill: wonDeals },
    winRate,
    { kind: "metric", id: "cycle", span: 4, measure: "opportunities.avg_cycle_days", time, lowerIsBetter: true, drill: wonDeals },
    { kind: "metric", id: "lost-count", span: 4, measure: "opportunities.lost_count", time, lowerIsBetter: true, drill: closedDeals },
    {
      kind: "table",
      id: "by-agent",
      span: 12,
      title: m.tile_by_agent,
      dimensions: ["opportunities.owner_id", "opportunities.owner"],
      measures,
      time,
      order,
      everyone: { key: "leaderboard.employee_id", label: "leaderboard.employee", time: "leaderboard.month", zeros },
      drill: { ...closedDeals, by: "opportunities.owner_id" },
    },
    {
      kind: "table",
      id: "by-quarter",
      span: 12,
      title: m.tile_by_quarter,
      dimensions: [],
      measures,
      time,
      granularity: "quarter",
      order: { member: time, descending: false },
      drill: closedDeals,
    },
    {
      kind: "table",
      id: "by-product",
      span: 6,
      title: m.tile_by_product,
      dimensions: ["opportunities.product_id", "opportunities.product"],
      measures,
      time,
      order,
      drill: { ...closedDeals, by: "opportunities.product_id" },
    },
    {
      kind: "table",
      id: "by-manager",
      span: 6,
      title: m.tile_by_manager,
      dimensions: ["opportunities.manager_id", "opportunities.manager"],
      measures,
      time,
      order,
      drill: { ...closedDeals, by: "opportunities.manager_id" },
    },
    reasons("lost", m.tile_lost_reasons, ["lost_count", "lost_amount"]),
    reasons("won", m.tile_won_reasons, ["won_count", "won_amount"]),
    {
      kind: "series",
      id: "won-by-month",
      span: 12,
      title: m.tile_won_by_month,
      measure: "opportunities.won_amount",
      time,
      target: "won_amount",
      drill: wonDeals,
    },
  ],
} satisfies Dashboard;
