import { m } from "#lib/paraglide/messages.js";
import { countedOrders } from "#lib/dashboards/parts/drills.ts";
import type { PictureTile, TableTile, Text } from "#lib/dashboards/definition.ts";

type Kind = "company" | "department" | "employee";

const series = (view: "forecast" | "forecast_scores", kind: Kind, measure: string) => [
  { member: `${view}.series_kind`, values: [kind] },
  { member: `${view}.measure`, values: [measure] },
];

/** The months that were and those expected, of one kind of series: whoever looks sees one series of it, or the sum would have no interval. */
export const history = (id: string, title: Text, kind: Kind, measure: string): PictureTile => ({
  kind: "picture",
  id,
  picture: "forecast",
  span: 12,
  title,
  dimensions: [],
  measures: ["actual_amount", "forecast_amount", "lower80", "upper80"].map((name) => `forecast.${name}`),
  time: "forecast.month",
  at: "all",
  granularity: "month",
  filters: series("forecast", kind, measure),
  order: [{ member: "forecast.month", descending: false }],
});

/** The month after the last whole one, by person or department. */
export const nextMonth = (id: string, title: Text, kind: "employee" | "department"): TableTile => ({
  kind: "table",
  id,
  span: 6,
  title,
  dimensions: [`forecast.${kind}_id`, `forecast.${kind}`],
  measures: ["forecast_amount", "lower80", "upper80"].map((name) => `forecast.${name}`),
  time: null,
  filters: [...series("forecast", kind, "order_amount"), { member: "forecast.horizon", values: ["1"] }],
  order: { member: "forecast.forecast_amount", descending: true },
  ...(kind === "department"
    ? { narrows: { parameter: "department", by: "forecast.department_id" } }
    : { drill: { ...countedOrders, by: "forecast.employee_id", as: "orders.owner_id" } }),
});

const scores = ["count", "bias", "mase", "weighted_error_rate", "within_80_share"].map((name) => `forecast_scores.${name}`);

/** Published forecasts against what came. */
export const scoresByPerson: TableTile = {
  kind: "table",
  id: "scores",
  span: 12,
  title: m.tile_forecast_scores,
  empty: m.empty_scores,
  dimensions: ["forecast_scores.employee"],
  measures: scores,
  time: null,
  filters: series("forecast_scores", "employee", "order_amount"),
  order: { member: "forecast_scores.mase", descending: false },
};

export const scoresByHorizon: TableTile = {
  kind: "table",
  id: "scores-by-horizon",
  span: 6,
  title: m.tile_forecast_scores_horizon,
  empty: m.empty_scores,
  dimensions: ["forecast_scores.horizon"],
  measures: scores,
  time: null,
  filters: series("forecast_scores", "company", "order_amount"),
  order: { member: "forecast_scores.horizon", descending: false },
};

export const errorByHorizon: PictureTile = {
  kind: "picture",
  id: "error",
  picture: "columns",
  span: 6,
  title: m.tile_forecast_error,
  empty: m.empty_scores,
  dimensions: ["forecast_scores.horizon"],
  measures: ["forecast_scores.mase", "forecast_scores.count"],
  time: null,
  filters: series("forecast_scores", "company", "order_amount"),
  order: [{ member: "forecast_scores.horizon", descending: false }],
};
