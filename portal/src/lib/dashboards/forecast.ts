import { m } from "#lib/paraglide/messages.js";
import type { Dashboard } from "#lib/dashboards/definition.ts";
import { errorByHorizon, history, nextMonth, scoresByHorizon, scoresByPerson } from "#lib/dashboards/parts/forecasts.ts";

export default {
  title: m.dashboard_forecast,
  question: m.dashboard_forecast_question,
  position: 55,
  homeOf: [],
  roles: ["executive", "analyst"],
  period: "this-year",
  tiles: [
    history("orders", m.tile_forecast_orders, "company", "order_amount"),
    history("receipts", m.tile_forecast_receipts, "company", "receipt_amount"),
    nextMonth("departments", m.tile_forecast_departments, "department"),
    errorByHorizon,
    nextMonth("people", m.tile_forecast_people, "employee"),
    scoresByHorizon,
    scoresByPerson,
  ],
} satisfies Dashboard;
