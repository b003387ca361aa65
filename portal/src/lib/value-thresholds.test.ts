import { expect, it } from "vitest";
import { readThresholds, tiersOf } from "#lib/value-thresholds.ts";

const read = (query: string) => readThresholds(new URLSearchParams(query));

it("A3 reads other thresholds in per cent, ascending by rank and descending by score", () => {
  expect(read("").thresholds).toEqual({ basis: "rank_share", cuts: ["0.01", "0.05", "0.2"] });
  expect(read("cut1=2&cut2=10&cut3=33.3").thresholds.cuts).toEqual(["0.02", "0.1", "0.333"]);
  expect(read("basis=score&cut1=90&cut2=70&cut3=50")).toEqual({
    thresholds: { basis: "score", cuts: ["0.9", "0.7", "0.5"] },
    problem: null,
  });
});

it.each([
  ["cut1=a&cut2=5&cut3=20", "not-a-number"],
  ["cut1=1&cut2=&cut3=20", "not-a-number"],
  ["cut1=0&cut2=5&cut3=20", "out-of-range"],
  ["cut1=1&cut2=5&cut3=100", "out-of-range"],
  ["cut1=5&cut2=1&cut3=20", "out-of-order"],
  ["basis=score&cut1=40&cut2=60&cut3=80", "out-of-order"],
])("says what is wrong with %s, and shows the defaults", (query, problem) => {
  const answer = read(query);
  expect(answer.problem).toBe(problem);
  expect(answer.thresholds.cuts).toEqual(readThresholds(new URLSearchParams(query.includes("score") ? "basis=score" : "")).thresholds.cuts);
});

it("A3 every customer is in exactly one tier, whoever lies on a threshold included", () => {
  const holds = (value: number, { operator, values }: { operator: string; values: string[] }): boolean => {
    const limit = Number(values[0]);
    return { gt: value > limit, gte: value >= limit, lt: value < limit, lte: value <= limit }[operator] ?? false;
  };
  for (const query of ["cut1=10&cut2=20&cut3=30", "basis=score&cut1=30&cut2=20&cut3=10"]) {
    const tiers = tiersOf(read(query).thresholds);
    for (const value of [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.9, 1])
      expect(tiers.filter(({ filters }) => filters.every((filter) => holds(value, filter)))).toHaveLength(1);
  }
});
