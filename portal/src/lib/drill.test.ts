import { expect, it } from "vitest";
import { drillHref, narrowHref } from "./drill.ts";
import { resolvePeriod } from "./period.ts";

const period = resolvePeriod("last-month", { today: "2026-11-22", fiscalYearStart: "01-01" });
const orders = { view: "orders", time: "ordered_at" };
const parametersOf = (href: string): [string, string][] => [...new URLSearchParams(href.slice(href.indexOf("?")))];

it("a mark's records are those of its value within the period, and within what the page is narrowed to", () =>
  expect(
    parametersOf(
      drillHref(orders, period, new URLSearchParams("department=d1&region=浙江省&period=last-month"), {
        dimension: { member: "regions.city", value: "杭州市" },
      }),
    ),
  ).toEqual([
    ["on", "ordered_at"],
    ["from", "2026-10-01"],
    ["to", "2026-10-31"],
    ["department", "d1"],
    ["region", "浙江省"],
    ["city", "杭州市"],
  ]));

it("a province of a page narrowed to it is named once", () =>
  expect(
    parametersOf(
      drillHref(orders, period, new URLSearchParams("region=浙江省"), { dimension: { member: "regions.region", value: "浙江省" } }),
    ).filter(([name]) => name === "region"),
  ).toEqual([["region", "浙江省"]]));

it("what a state counts may be of any day", () =>
  expect(
    parametersOf(
      drillHref({ view: "customers", time: "created_at", allTimes: true }, period, new URLSearchParams(), { range: period.range }),
    ),
  ).toEqual([
    ["on", "created_at"],
    ["period", "all"],
  ]));

it("narrows the page under its other filters, and not to what is not set", () => {
  const search = new URLSearchParams("period=this-year");
  expect(parametersOf(narrowHref("department", "d2", search) ?? "")).toEqual([
    ["period", "this-year"],
    ["department", "d2"],
  ]);
  expect(narrowHref("region", null, search)).toBeNull();
});
