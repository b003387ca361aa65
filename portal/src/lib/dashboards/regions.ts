import { m } from "#lib/paraglide/messages.js";
import type { Dashboard, Drill } from "#lib/dashboards/definition.ts";
import { countedOrders } from "#lib/dashboards/parts/drills.ts";

const month = "regions.month";
const of = (...names: string[]): string[] => names.map((name) => `regions.${name}`);

const toRegion = { parameter: "region", by: "regions.region" } as const;
/** Everybody of the place, whenever they came. */
const allCustomers: Drill = { view: "customers", time: "created_at", allTimes: true };

export default {
  title: m.dashboard_regions,
  question: m.dashboard_regions_question,
  position: 65,
  homeOf: [],
  period: "this-year",
  narrowedBy: "region",
  tiles: [
    { kind: "metric", id: "order-amount", span: 3, measure: "regions.order_amount", time: month, at: "whole-months" },
    { kind: "metric", id: "growth", span: 3, measure: "regions.growth", time: month, at: "whole-months", showsFormula: true },
    { kind: "metric", id: "customers", span: 3, measure: "regions.customer_count", time: month, at: "last-month" },
    { kind: "metric", id: "coverage", span: 3, measure: "regions.coverage_rate", time: month, at: "last-month", showsFormula: true },
    {
      kind: "picture",
      id: "orders-map",
      picture: "province-map",
      span: 6,
      title: m.tile_region_orders,
      dimensions: ["regions.region"],
      measures: of("order_amount", "growth"),
      time: month,
      order: [{ member: "regions.order_amount", descending: true }],
      drill: countedOrders,
      narrows: toRegion,
    },
    {
      kind: "picture",
      id: "customers-map",
      picture: "province-map",
      span: 6,
      title: m.tile_region_customers,
      dimensions: ["regions.region"],
      measures: of("customer_count", "active_count", "new_count"),
      time: month,
      at: "last-month",
      order: [{ member: "regions.customer_count", descending: true }],
      drill: allCustomers,
      narrows: toRegion,
    },
    {
      kind: "picture",
      id: "year-before",
      picture: "bullets",
      span: 6,
      title: m.tile_region_year_before,
      dimensions: ["regions.region"],
      measures: of("order_amount", "order_amount_year_before"),
      time: month,
      order: [{ member: "regions.order_amount", descending: true }],
      drill: countedOrders,
      narrows: { ...toRegion, below: { title: m.tile_city_year_before, dimensions: of("city"), limit: 20 } },
    },
    {
      kind: "picture",
      id: "coverage-by-region",
      picture: "columns",
      span: 6,
      title: m.tile_region_coverage,
      dimensions: ["regions.region"],
      measures: of("coverage_rate", "active_count", "customer_count"),
      time: month,
      at: "last-month",
      order: [{ member: "regions.coverage_rate", descending: true }],
      limit: 12,
      narrows: { ...toRegion, below: { title: m.tile_city_coverage, dimensions: of("city"), drill: allCustomers } },
    },
    {
      kind: "table",
      id: "cities",
      span: 12,
      title: m.tile_cities,
      dimensions: of("city", "region"),
      measures: of("order_amount", "order_amount_year_before", "growth", "receipt_amount", "customer_count", "new_count", "coverage_rate"),
      time: month,
      order: { member: "regions.order_amount", descending: true },
      drill: { ...countedOrders, by: "regions.city" },
    },
  ],
} satisfies Dashboard;
