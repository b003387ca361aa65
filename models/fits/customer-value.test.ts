import { expect, it } from "vitest";
import type { FitRow } from "../runner/fits/definition.ts";
import customerValue from "./customer-value.ts";
import { randomFrom } from "./numerics/special-functions.ts";

const context = { asOf: new Date("2026-11-22T02:00:00Z"), today: "2026-11-22", vars: {} };

/** Customers who buy about every six weeks; a third of them stopped half-way through their two years. */
function histories(count: number): FitRow[] {
  const random = randomFrom(3);
  return Array.from({ length: count }, (_, index): FitRow => {
    const age = 104;
    const end = index % 3 === 0 ? age / 2 : age;
    let [repeats, recency] = [0, 0];
    for (let week = -6 * Math.log(1 - random()); week < end; week += -6 * Math.log(1 - random())) [repeats, recency] = [repeats + 1, week];
    return {
      customer_key: index + 1,
      repeat_count: repeats,
      recency_weeks: recency,
      age_weeks: age,
      mean_repeat_value: repeats === 0 ? null : 500 + 1000 * random(),
    };
  });
}

it("A4 values every customer who ever bought, in cents, and states the sample", () => {
  const rows = histories(300);
  const { tables, sample, remark } = customerValue.run({ fct_customer_purchase_history: rows }, context);
  expect({ sample, remark }).toEqual({ sample: 300, remark: null });
  expect(tables.bg_nbd).toHaveLength(1);
  expect(tables.gamma_gamma).toHaveLength(1);
  const values = tables.customer_value ?? [];
  expect(values.map(({ customer_key }) => customer_key)).toEqual(rows.map(({ customer_key }) => customer_key));
  for (const value of values) {
    expect(value.sample).toBe(300);
    expect(value.clv_52w).toMatch(/^\d+\.\d\d$/);
    expect(value.p_alive).toBeGreaterThanOrEqual(0);
    expect(value.p_alive).toBeLessThanOrEqual(1);
    // Discounting takes away at most a year's rate, and something.
    const undiscounted = Number(value.expected_purchases_52w) * Number(value.expected_spend);
    expect(Number(value.clv_52w)).toBeLessThanOrEqual(undiscounted + 0.01);
    expect(Number(value.clv_52w)).toBeGreaterThanOrEqual(undiscounted / 1.1 - 0.01);
  }
  // Those who stopped are known to have: their last purchase lies a year back.
  const mean = (stopped: boolean): number => {
    const of = values.filter((_, index) => (index % 3 === 0) === stopped).map((value) => Number(value.p_alive));
    return of.reduce((sum, value) => sum + value, 0) / of.length;
  };
  expect(mean(true)).toBeLessThan(0.2);
  expect(mean(false)).toBeGreaterThan(0.8);
});

it("A4 leaves what is there when too few customers came back", () => {
  const few = { tables: {}, sample: 10, remark: expect.stringContaining("at least 50 are needed") as string };
  expect(customerValue.run({ fct_customer_purchase_history: histories(10) }, context)).toEqual(few);
  expect(customerValue.run({}, context)).toMatchObject({ tables: {}, sample: 0 });
});
