import type { MetricTile } from "#lib/dashboards/definition.ts";

/** A figure of the published aggregate over the whole months of the period, their days to come included: targets are set for them. */
const ofPeriod = (id: string, measure: string): MetricTile => ({
  kind: "metric",
  id,
  span: 3,
  measure: `leaderboard.${measure}`,
  time: "leaderboard.month",
  at: "whole-months",
  showsFormula: true,
});

/** How far, how much of the workdays is gone, how far ahead or behind, and where that ends. */
export const attainment = ofPeriod("attainment", "attainment");
export const workdaysGone = ofPeriod("workdays-gone", "workday_share");
export const pace = ofPeriod("pace", "pace_gap");
export const projected = ofPeriod("projected", "projected_amount");
