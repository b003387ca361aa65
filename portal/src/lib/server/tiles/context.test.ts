import { expect, it } from "vitest";
import type { Row } from "#lib/semantic.ts";
import { Catalogue, type Semantic, type SemanticQuery } from "#lib/server/semantic.ts";
import { monthsBefore, TileContext, wholeMonths, type PageScope } from "./context.ts";

const count = "leaderboard.unpublished_month_count";

/** A context whose semantic layer gives this row to every query, and what was asked of it. */
function contextWith(row: Row): { context: TileContext; asked: SemanticQuery[] } {
  const asked: SemanticQuery[] = [];
  const member = { name: count, kind: "measure", title: "", description: "", formula: null, format: "count", type: "number" } as const;
  const semantic: Semantic = {
    catalogue: () => Promise.reject(new Error("not asked here")),
    load(query) {
      asked.push(query);
      return Promise.resolve({
        rows: [row],
        trust: { build: "1", lsn: null, freshTo: null, marts: [], failedTests: [] },
        truncated: false,
        total: null,
      });
    },
  };
  return { context: new TileContext(semantic, new Catalogue(new Map([[count, member]]), new Map()), {} as PageScope), asked };
}

it.each([
  ["leaderboard.pace_gap", "1", true],
  ["leaderboard.pace_gap", "0", false],
  ["leaderboard.result_amount", "1", false],
])("A8 %s with %s months without published holidays: says that workdays are weekdays, %s", async (measure, months, expected) => {
  const { context, asked } = contextWith({ [measure]: "5", [count]: months });
  await context.load({ measures: [measure] });
  expect(context.goesByWeekday).toBe(expected);
  expect(asked[0]?.measures?.includes(count)).toBe(measure === "leaderboard.pace_gap");
});

it("A8 ranks are compared with as many whole months before", () => {
  expect(monthsBefore({ from: "2026-03-01", to: "2026-03-31" })).toEqual({ from: "2026-02-01", to: "2026-02-28" });
  expect(monthsBefore({ from: "2026-10-01", to: "2026-12-31" })).toEqual({ from: "2026-07-01", to: "2026-09-30" });
  expect(monthsBefore({ from: "2026-01-01", to: "2026-12-31" })).toEqual({ from: "2025-01-01", to: "2025-12-31" });
});

it("whole months cover every month that is touched", () =>
  expect(wholeMonths({ from: "2026-01-31", to: "2026-02-01" })).toEqual({ from: "2026-01-01", to: "2026-02-28" }));
