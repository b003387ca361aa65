import { expect, it } from "vitest";
import type { FitRow } from "../runner/fits/definition.ts";
import salesForecast from "./sales-forecast.ts";

const context = { asOf: new Date("2026-11-22T02:00:00Z"), today: "2026-11-22", vars: {} };

/** A series of the company from 2023-11 on. */
const series = (measure: string, values: readonly number[]): FitRow[] =>
  values.map((value, index) => ({
    series_kind: "company",
    series_key: null,
    measure,
    month: new Date(Date.UTC(2023, 10 + index, 1)).toISOString().slice(0, 10),
    value,
  }));

const run = (rows: FitRow[]): ReturnType<typeof salesForecast.run> => salesForecast.run({ fct_forecast_series: rows }, context);

it("A2 forecasts twelve months with intervals that widen, whatever the order of the rows", () => {
  const winter = Array.from({ length: 36 }, (_, month) => 1000 + 10 * month + (month % 12 === 3 ? -600 : 40 * ((month * 7) % 5)));
  const { tables, sample, remark } = run(series("order_amount", winter).toReversed());
  expect({ sample, remark }).toEqual({ sample: 1, remark: null });
  const forecasts = tables.forecasts ?? [];
  expect(forecasts.map(({ month, horizon }) => [month, horizon])).toEqual(
    Array.from({ length: 12 }, (_, step) => [new Date(Date.UTC(2026, 10 + step, 1)).toISOString().slice(0, 10), step + 1]),
  );
  for (const row of forecasts) {
    const [lower95, lower80, mean, upper80, upper95] = ["lower95", "lower80", "mean", "upper80", "upper95"].map((name) =>
      Number(row[name]),
    ) as [number, number, number, number, number];
    expect(lower95 <= lower80 && lower80 <= mean && mean <= upper80 && upper80 <= upper95).toBe(true);
    expect(row).toMatchObject({ sample: 36, mase_scale: expect.any(Number) as number });
  }
  // The month that is always weak is forecast weak.
  const means = forecasts.map(({ mean }) => Number(mean));
  expect(means.indexOf(Math.min(...means))).toBe(3);
  expect(run(series("order_amount", winter)).tables).toEqual(tables);
});

it("A2 a series of zeros, a short one and none at all", () => {
  const zeros =
    run(
      series(
        "won_amount",
        Array.from({ length: 24 }, () => 0),
      ),
    ).tables.forecasts ?? [];
  expect(new Set(zeros.map(({ mean, method }) => `${mean} ${method}`))).toEqual(new Set(["0.00 seasonal_naive"]));
  expect(zeros[0]).toMatchObject({ mase_scale: null });
  expect(run(series("won_amount", [1, 2, 3]))).toEqual({
    tables: {},
    sample: 1,
    remark: "1 of 1 series have less than 12 months of history",
  });
  expect(run([])).toEqual({ tables: {}, sample: 0, remark: null });
});

it("A2 for a day gone by knows nothing of later months, nor of series that had ended by then", () => {
  const rows = [
    ...series(
      "order_amount",
      Array.from({ length: 30 }, (_, month) => 100 + month),
    ),
    ...series("won_amount", [5, ...Array.from({ length: 29 }, () => 0)]),
  ];
  const inputs = salesForecast.inputsBefore?.({ fct_forecast_series: rows }, "2025-06-01");
  const months = (inputs?.fct_forecast_series ?? []).map(({ measure, month }) => `${measure} ${month}`);
  expect(months.at(0)).toBe("order_amount 2023-11-01");
  expect(months.at(-1)).toBe("order_amount 2025-05-01");
  expect(months.length).toBe(19);
  const made = salesForecast.run(inputs ?? {}, context).tables.forecasts ?? [];
  expect(made[0]).toMatchObject({ month: "2025-06-01", horizon: 1, sample: 19 });
});
