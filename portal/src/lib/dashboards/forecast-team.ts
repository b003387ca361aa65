import { m } from "#lib/paraglide/messages.js";
import type { Dashboard } from "#lib/dashboards/definition.ts";
import { nextMonth, scoresByPerson } from "#lib/dashboards/parts/forecasts.ts";

export default {
  title: m.dashboard_forecast,
  question: m.dashboard_forecast_question,
  position: 55,
  homeOf: [],
  roles: ["sales_manager"],
  period: "this-year",
  tiles: [
    nextMonth("departments", m.tile_forecast_departments, "department"),
    nextMonth("people", m.tile_forecast_people, "employee"),
    scoresByPerson,
  ],
} satisfies Dashboard;
