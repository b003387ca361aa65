import { expect, it } from "vitest";
import { minimise, nelderMead } from "./nelder-mead.ts";

it("finds the bottom of Rosenbrock's valley", () => {
  const valley = ([x = 0, y = 0]: readonly number[]): number => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  const found = minimise(valley, [-1.2, 1], { tolerance: 1e-14 });
  expect(found.converged).toBe(true);
  expect(found.at[0]).toBeCloseTo(1, 4);
  expect(found.at[1]).toBeCloseTo(1, 4);
});

it("keeps out of places where the function is not finite, and says when the steps ran out", () => {
  const halfLine = ([x = 0]: readonly number[]): number => (x < 0 ? Number.NaN : (x - 0.25) ** 2);
  expect(nelderMead(halfLine, [2]).at[0]).toBeCloseTo(0.25, 4);
  expect(nelderMead(halfLine, [2], { maxSteps: 2 }).converged).toBe(false);
});
