import { expect, it } from "vitest";
import type { FitRow } from "../runner/fits/definition.ts";
import churn from "./churn.ts";
import { randomFrom } from "./numerics/special-functions.ts";

const context = { asOf: new Date("2026-11-22T02:00:00Z"), today: "2026-11-22", vars: {} };

/** Customers at three cuts. Who is overdue leaves with the larger probability; the other features are noise or nothing. */
function customers(count: number, seed = 7): FitRow[] {
  const random = randomFrom(seed);
  return [0, 1, 2].flatMap((cut) =>
    Array.from({ length: count }, (_, index): FitRow => {
      const overdue = random();
      const leaves = random() < 0.05 + 0.6 * overdue ** 3;
      return {
        customer_key: index + 1,
        cut_number: cut,
        cut_on: ["2026-11-22", "2026-05-26", "2025-11-27"][cut] ?? null,
        horizon_days: 180,
        has_churned: cut === 0 ? null : leaves,
        days_since_order: 30,
        overdue_order: overdue,
        is_single_order: 0,
        order_frequency: random(),
        frequency_decline: 0,
        spend_decline: 0,
        spend_level: 0,
        years_as_customer: 1,
        late_payment: 0,
        contact_gap: 0,
        complaints: 0,
      };
    }),
  );
}

const run = (rows: FitRow[]): ReturnType<typeof churn.run> => churn.run({ fct_churn_features: rows }, context);

it("A5 scores the customers of now, the riskiest first, with what makes them so", () => {
  const { tables, sample, remark } = run(customers(400));
  expect({ sample, remark }).toEqual({ sample: 800, remark: null });
  const risk = tables.churn_risk ?? [];
  expect(risk).toHaveLength(400);
  const overdue = new Map(
    customers(400)
      .filter((row) => row.cut_number === 0)
      .map((row) => [row.customer_key, Number(row.overdue_order)]),
  );
  const top = risk.filter(({ decile }) => decile === 1);
  expect(top).toHaveLength(40);
  for (const row of top) {
    expect(row.reason_1).toBe("overdue_order");
    expect(overdue.get(row.customer_key ?? null)).toBeGreaterThan(0.75);
  }
  // Who is below average in all that counts has no reason.
  expect(risk.at(-1)).toMatchObject({ decile: 10, reason_3: null });
});

it("A5 the back-test knows nothing of what it predicts", () => {
  const rows = customers(400);
  const { tables } = run(rows);
  const backtest = tables.churn_backtest ?? [];
  expect(backtest.map(({ decile, customers: count }) => [decile, count])).toEqual(
    Array.from({ length: 10 }, (_, index) => [index + 1, 40]),
  );
  expect(Number(backtest[0]?.lift)).toBeGreaterThan(2);
  expect(Number(backtest[0]?.auc)).toBeGreaterThan(0.65);
  expect(backtest[0]).toMatchObject({ cut_on: "2026-05-26", horizon_days: 180, sample: 400 });
  // Other outcomes at the cut that is predicted change the actual shares, and no prediction.
  const turned =
    run(rows.map((row) => (row.cut_number === 1 ? { ...row, has_churned: row.has_churned !== true } : row))).tables.churn_backtest ?? [];
  expect(turned.map(({ predicted }) => predicted)).toEqual(backtest.map(({ predicted }) => predicted));
  expect(turned.map(({ actual }) => Number(actual).toFixed(9))).toEqual(backtest.map(({ actual }) => (1 - Number(actual)).toFixed(9)));
});

it("A5 says when there is too little to learn from, and leaves what is there", () => {
  expect(run([])).toEqual({ tables: {}, sample: 0, remark: "too few customers with a known outcome (0 churned, 0 stayed)" });
  expect(run(customers(20))).toMatchObject({ tables: {}, sample: 40 });
  const { tables, remark } = run(customers(400).filter((row) => row.cut_number !== 2 || Number(row.customer_key) < 20));
  expect(tables.churn_backtest).toEqual([]);
  expect(tables.churn_risk).toHaveLength(400);
  expect(remark).toContain("no back-test: too few customers at the cut before");
});
