import { mean } from "./decomposition.ts";
import type { Forecast, Interval } from "./ets.ts";
import { normalQuantile } from "./special-functions.ts";

/** Repeats the last period. Its intervals widen with each further period, as errors of a random walk over periods do. */
export function forecastSeasonalNaive(values: readonly number[], period: number, horizon: number): Forecast {
  const last = values.slice(-period);
  const point = Array.from({ length: horizon }, (_, step) => last[step % last.length] ?? 0);
  const errors = values.slice(period).map((value, index) => value - (values[index] ?? 0));
  const deviation = errors.length === 0 ? 0 : Math.sqrt(mean(errors.map((error) => error * error)));
  const ends = (share: number): Interval[] =>
    point.map((middle, step) => {
      const width = normalQuantile((1 + share) / 2) * deviation * Math.sqrt(Math.floor(step / period) + 1);
      return { lower: middle - width, upper: middle + width };
    });
  return { method: "seasonal_naive", mean: point, intervals80: ends(0.8), intervals95: ends(0.95) };
}
