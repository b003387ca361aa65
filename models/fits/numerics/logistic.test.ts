import { expect, it } from "vitest";
import { contributions, fitLogistic, probabilityOf } from "./logistic.ts";

/** Distress of the space shuttle's O-rings by temperature (Dalal, Fowlkes and Hoadley 1989). */
const temperatures = [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58];
const distressed = new Set([1, 8, 9, 10, 13, 20, 22]);
const examples = temperatures.map((temperature, index) => ({ features: [temperature, 7], outcome: distressed.has(index) }));

it("finds the published coefficients", () => {
  const { intercept, weights, means, deviations } = fitLogistic(examples, 1e-9);
  const slope = (weights[0] ?? 0) / (deviations[0] ?? 0);
  expect(slope).toBeCloseTo(-0.2322, 4);
  expect(intercept - slope * (means[0] ?? 0)).toBeCloseTo(15.0429, 3);
  // A constant feature explains nothing.
  expect(weights[1]).toBeCloseTo(0, 6);
});

it("a penalty draws the weights towards 0, and leaves the mean probability as observed", () => {
  const model = fitLogistic(examples, 1);
  // By another optimiser.
  expect(model.intercept).toBeCloseTo(-0.99649, 4);
  expect(model.weights[0]).toBeCloseTo(-1.12102, 4);
  const total = examples.reduce((sum, { features }) => sum + probabilityOf(model, features), 0);
  expect(total).toBeCloseTo(distressed.size, 6);
  expect(contributions(model, [53, 7])[0]).toBeGreaterThan(0);
});

it("refuses examples that all ended alike", () => {
  expect(() => fitLogistic(examples.map((one) => ({ ...one, outcome: true })))).toThrow("needs both outcomes, found 23 of 23");
});
