import type { MetricTile } from "#lib/dashboards/definition.ts";
import { closedDeals } from "#lib/dashboards/parts/drills.ts";

const created = "opportunities.created_at";
const createdDeals = { view: "opportunities", time: "created_at" };

/** The win rate by the company's own definition, named under the figure. What counts open deals too asks for those created in the period. */
export const winRate = {
  kind: "metric",
  id: "win-rate",
  span: 4,
  measure: "opportunities.win_rate",
  time: "opportunities.closed_at",
  showsFormula: true,
  drill: closedDeals,
  choice: {
    by: "opportunities.win_rate_setting",
    variants: {
      all: { measure: "opportunities.win_rate_all", time: created, drill: createdDeals },
      closed_and_overdue: { measure: "opportunities.win_rate_overdue", time: created, drill: createdDeals },
    },
  },
} as const satisfies MetricTile;
