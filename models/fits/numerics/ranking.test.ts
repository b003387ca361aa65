import { expect, it } from "vitest";
import { areaUnderCurve, byDecile } from "./ranking.ts";

const scored = (text: string): { score: number; outcome: boolean }[] =>
  text.split(" ").map((word) => ({ score: parseFloat(word), outcome: word.endsWith("x") }));

it("the area under the curve counts pairs in the right order, equal ones half", () => {
  expect(areaUnderCurve(scored("0.9x 0.8x 0.3 0.2"))).toBe(1);
  expect(areaUnderCurve(scored("0.9 0.8 0.3x 0.2x"))).toBe(0);
  // Pairs: 0.8x over 0.5 and 0.1, 0.5x equal to 0.5 and over 0.1.
  expect(areaUnderCurve(scored("0.8x 0.5x 0.5 0.1"))).toBe(3.5 / 4);
  expect(areaUnderCurve(scored("0.8x 0.5x"))).toBeNull();
});

it("tenths from the highest scores down, each with its share and lift", () => {
  const twenty = Array.from({ length: 20 }, (_, index) => ({
    score: index / 20,
    outcome: index === 19 || index === 18 || index === 5 || index === 0,
  }));
  const deciles = byDecile(twenty);
  expect(deciles.map(({ decile, count }) => [decile, count])).toEqual(Array.from({ length: 10 }, (_, index) => [index + 1, 2]));
  expect(deciles[0]).toEqual({ decile: 1, count: 2, predicted: (0.95 + 0.9) / 2, actual: 1, lift: 5 });
  expect(deciles[1]).toMatchObject({ actual: 0, lift: 0 });
  expect(deciles[9]).toMatchObject({ actual: 0.5, lift: 2.5 });
  expect(byDecile(scored("0.4 0.2")).map(({ lift }) => lift)).toEqual([null, null]);
});
