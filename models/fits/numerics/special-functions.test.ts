import { expect, it } from "vitest";
import { hypergeometric, logBeta, logGamma, normalQuantile } from "./special-functions.ts";

it("logGamma agrees with tables", () => {
  const known: [number, number][] = [
    [0.1, 2.2527126517342055],
    [0.5, 0.5723649429247004],
    [1.5, -0.12078223763524543],
    [3.7, 1.4280723266653883],
    [42.25, 114.9663926542499],
    [10_000, 82_099.71749644238],
  ];
  for (const [x, value] of known) expect(logGamma(x) / value).toBeCloseTo(1, 12);
  expect(logGamma(1)).toBeCloseTo(0, 12);
  expect(Math.exp(logBeta(2, 3))).toBeCloseTo(1 / 12, 12);
});

it("2F1 agrees with its closed forms", () => {
  // 2F1(1, 1; 2; z) = -ln(1 - z) / z, and 2F1(a, b; b; z) = (1 - z)^-a.
  for (const z of [0, 0.1, 0.5, 0.9, 0.99]) {
    if (z > 0) expect(hypergeometric(1, 1, 2, z)).toBeCloseTo(-Math.log(1 - z) / z, 9);
    expect(hypergeometric(2.5, 1.7, 1.7, z) / (1 - z) ** -2.5).toBeCloseTo(1, 9);
  }
});

it("normalQuantile agrees with tables", () => {
  expect(normalQuantile(0.5)).toBeCloseTo(0, 12);
  expect(normalQuantile(0.9)).toBeCloseTo(1.2815515655, 8);
  expect(normalQuantile(0.975)).toBeCloseTo(1.9599639845, 8);
  expect(normalQuantile(0.001)).toBeCloseTo(-3.0902323062, 8);
  expect(() => normalQuantile(1)).toThrow("between 0 and 1");
});
