import { fitEts, forecastEts, type Forecast } from "./ets.ts";
import { forecastSeasonalNaive } from "./seasonal-naive.ts";
import { forecastTheta } from "./theta.ts";

/** Fewer values than this and repeating the last period is all that can be had. */
const leastForModels = 8;

/**
 * The forecast that the company sees: the exponential smoothing model with the smallest AICc and Theta, averaged. Null for a series shorter than a period;
 * the last period again where there is too little for a model.
 */
export function forecast(values: readonly number[], period: number, horizon: number): Forecast | null {
  if (values.length < period) return null;
  const fit = values.length < leastForModels ? null : fitEts(values, period);
  const theta = fit && forecastTheta(values, period, horizon);
  return fit && theta ? average(forecastEts(fit, values.length, horizon), theta) : forecastSeasonalNaive(values, period, horizon);
}

/** Averages of forecasts of different kinds err less than either (Bates and Granger 1969). The intervals' ends are averaged likewise. */
export function average(left: Forecast, right: Forecast): Forecast {
  const middle = (one: number, other: number | undefined): number => (one + (other ?? one)) / 2;
  const between = (key: "intervals80" | "intervals95"): Forecast["intervals80"] =>
    left[key].map(({ lower, upper }, step) => ({
      lower: middle(lower, right[key][step]?.lower),
      upper: middle(upper, right[key][step]?.upper),
    }));
  return {
    method: `${left.method} + ${right.method}`,
    mean: left.mean.map((value, step) => middle(value, right.mean[step])),
    intervals80: between("intervals80"),
    intervals95: between("intervals95"),
  };
}
