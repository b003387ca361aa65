import { m } from "#lib/paraglide/messages.js";
import type { Dashboard } from "#lib/dashboards/definition.ts";
import { history, scoresByPerson } from "#lib/dashboards/parts/forecasts.ts";

export default {
  title: m.dashboard_forecast,
  question: m.dashboard_forecast_question,
  position: 55,
  homeOf: [],
  roles: ["sales_rep"],
  period: "this-year",
  own: true,
  tiles: [history("orders", m.tile_forecast_own, "employee", "order_amount"), scoresByPerson],
} satisfies Dashboard;
