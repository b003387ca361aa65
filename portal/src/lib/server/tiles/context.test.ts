import { expect, it } from "vitest";
import { monthsBefore, wholeMonths } from "./context.ts";

it("A8 ranks are compared with as many whole months before", () => {
  expect(monthsBefore({ from: "2026-03-01", to: "2026-03-31" })).toEqual({ from: "2026-02-01", to: "2026-02-28" });
  expect(monthsBefore({ from: "2026-10-01", to: "2026-12-31" })).toEqual({ from: "2026-07-01", to: "2026-09-30" });
  expect(monthsBefore({ from: "2026-01-01", to: "2026-12-31" })).toEqual({ from: "2025-01-01", to: "2025-12-31" });
});

it("whole months cover every month that is touched", () =>
  expect(wholeMonths({ from: "2026-01-31", to: "2026-02-01" })).toEqual({ from: "2026-01-01", to: "2026-02-28" }));
