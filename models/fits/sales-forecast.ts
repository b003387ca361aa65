import type { Fit, FitResult, FitRow } from "../runner/fits/definition.ts";
import { seasonalNaiveError } from "./numerics/ets-model.ts";
import type { Interval } from "./numerics/ets.ts";
import { forecast } from "./numerics/forecast.ts";

const monthsInYear = 12;
const horizon = 12;

/** Forecasts of the twelve months after the last complete one, for every series that has at least a year of history. */
const salesForecast: Fit = {
  name: "sales_forecast",
  inputs: ["fct_forecast_series"],
  run({ fct_forecast_series: rows = [] }) {
    const series = Map.groupBy(rows, (row) => `${row.series_kind} ${row.series_key} ${row.measure}`);
    let short = 0;
    const forecasts = [...series.values()].flatMap((months) => {
      const history = months.toSorted((left, right) => (String(left.month) < String(right.month) ? -1 : 1));
      const made = forecastSeries(history);
      if (made.length === 0) short++;
      return made;
    });
    const remark = short === 0 ? null : `${short} of ${series.size} series have less than ${monthsInYear} months of history`;
    const tables: FitResult["tables"] = forecasts.length === 0 ? {} : { forecasts };
    return { tables, sample: series.size, remark };
  },
  inputsBefore({ fct_forecast_series: rows = [] }, day) {
    const before = rows.filter((row) => String(row.month) < `${day.slice(0, 7)}-01`);
    const series = Map.groupBy(before, (row) => `${row.series_kind} ${row.series_key} ${row.measure}`);
    const yearBefore = monthAfter(`${day.slice(0, 7)}-01`, -monthsInYear);
    // As the model of the series has it: one without results for a year has ended.
    const goesOn = (months: readonly FitRow[]): boolean => months.some((row) => String(row.month) >= yearBefore && Number(row.value) !== 0);
    return { fct_forecast_series: [...series.values()].filter(goesOn).flat() };
  },
};

export default salesForecast;

function forecastSeries(history: readonly FitRow[]): FitRow[] {
  const values = history.map((row) => Number(row.value));
  const made = forecast(values, monthsInYear, horizon);
  const last = history.at(-1);
  if (!made || !last) return [];
  const scale = seasonalNaiveError(values, monthsInYear);
  return made.mean.map((value, step) => {
    const [lower80, upper80] = money(made.intervals80[step]);
    const [lower95, upper95] = money(made.intervals95[step]);
    return {
      series_kind: last.series_kind ?? null,
      series_key: last.series_key ?? null,
      measure: last.measure ?? null,
      month: monthAfter(String(last.month), step + 1),
      horizon: step + 1,
      mean: atLeastZero(value),
      lower80,
      upper80,
      lower95,
      upper95,
      method: made.method,
      mase_scale: scale,
      sample: values.length,
    };
  });
}

/** Orders, won deals and receipts are never negative. */
const atLeastZero = (amount: number): string => Math.max(0, amount).toFixed(2);

const money = (interval: Interval | undefined): [string, string] => [atLeastZero(interval?.lower ?? 0), atLeastZero(interval?.upper ?? 0)];

/** The first day of the month `count` months after that of a day `2026-11-01`. */
function monthAfter(day: string, count: number): string {
  const [year = 0, month = 0] = day.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1 + count, 1)).toISOString().slice(0, 10);
}
