import { describe, expect, it } from "vitest";
import { periodFromUrl, resolvePeriod } from "./period.ts";

const company = { today: "2026-11-22", fiscalYearStart: "01-01" };

describe("resolvePeriod", () => {
  it("compares a running month with the same days of the earlier ones", () => {
    expect(resolvePeriod("this-month", company)).toEqual({
      name: "this-month",
      range: { from: "2026-11-01", to: "2026-11-30" },
      elapsed: { from: "2026-11-01", to: "2026-11-22" },
      yearAgo: { from: "2025-11-01", to: "2025-11-22" },
      before: { from: "2026-10-01", to: "2026-10-22" },
      isPartial: true,
      pace: { gone: 22, total: 30 },
    });
  });

  it("compares a month that is over with whole months", () => {
    const period = resolvePeriod("last-month", { ...company, today: "2026-03-31" });
    expect(period.range).toEqual({ from: "2026-02-01", to: "2026-02-28" });
    expect(period.before).toEqual({ from: "2026-01-01", to: "2026-01-31" });
    expect(period.isPartial).toBe(false);
  });

  it("cuts at the end of a shorter month", () => {
    const period = resolvePeriod("this-month", { ...company, today: "2026-03-30" });
    expect(period.before).toEqual({ from: "2026-02-01", to: "2026-02-28" });
  });

  it("treats the last day of a month as a whole month", () => {
    const period = resolvePeriod("this-month", { ...company, today: "2026-02-28" });
    expect(period.isPartial).toBe(false);
    expect(period.before).toEqual({ from: "2026-01-01", to: "2026-01-31" });
  });

  it("compares 29 February with 28 February a year before", () => {
    const period = resolvePeriod("custom", company, { from: "2024-02-10", to: "2024-02-29" });
    expect(period.yearAgo).toEqual({ from: "2023-02-10", to: "2023-02-28" });
  });

  it("puts a custom range right behind the one before it", () => {
    const period = resolvePeriod("custom", company, { from: "2026-05-10", to: "2026-05-19" });
    expect(period.before).toEqual({ from: "2026-04-30", to: "2026-05-09" });
  });

  it("follows a fiscal year that starts in April", () => {
    const april = { today: "2026-02-10", fiscalYearStart: "04-01" };
    expect(resolvePeriod("this-year", april).range).toEqual({ from: "2025-04-01", to: "2026-03-31" });
    expect(resolvePeriod("this-quarter", april).range).toEqual({ from: "2026-01-01", to: "2026-03-31" });
    expect(resolvePeriod("last-quarter", april).range).toEqual({ from: "2025-10-01", to: "2025-12-31" });
  });

  it("does not compare a year with the year before twice", () => {
    const period = resolvePeriod("this-year", company);
    expect(period.yearAgo).toEqual({ from: "2025-01-01", to: "2025-11-22" });
    expect(period.before).toBeNull();
  });

  it("restricts nothing for all time", () => expect(resolvePeriod("all", company).range).toBeNull());
});

describe("periodFromUrl", () => {
  it.each([
    ["period=last-year", "last-year"],
    ["from=2026-01-01&to=2026-01-31", "custom"],
    ["from=2026-02-01&to=2026-01-31", "this-month"],
    ["from=2026-02-30&to=2026-03-31", "this-month"],
    ["period=custom", "this-month"],
    ["period=nonsense", "this-month"],
    ["", "this-month"],
  ])("reads ?%s as %s", (search, name) => expect(periodFromUrl(new URLSearchParams(search), company, "this-month").name).toBe(name));
});
