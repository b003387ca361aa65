import { line, mean, seasonalEffects } from "./decomposition.ts";
import type { Forecast, Interval } from "./ets.ts";
import { fitForm } from "./ets.ts";
import { normalQuantile } from "./special-functions.ts";

/** Is the autocorrelation at the period larger than chance leaves it (5 %, one-sided)? The test that Assimakopoulos and Nikolopoulos use before they deseasonalise. */
export function isSeasonal(values: readonly number[], period: number): boolean {
  if (period <= 1 || values.length <= 2 * period) return false;
  const average = mean(values);
  const deviations = values.map((value) => value - average);
  const total = deviations.reduce((sum, value) => sum + value * value, 0);
  if (total === 0) return false;
  const correlation = (lag: number): number =>
    deviations.slice(lag).reduce((sum, value, index) => sum + value * (deviations[index] ?? 0), 0) / total;
  let squares = 0;
  for (let lag = 1; lag < period; lag++) squares += correlation(lag) ** 2;
  return Math.abs(correlation(period)) / Math.sqrt((1 + 2 * squares) / values.length) > normalQuantile(0.95);
}

/**
 * The Theta method (Assimakopoulos and Nikolopoulos 2000) in the form of Hyndman and Billah (2003): simple exponential smoothing with half the slope of the
 * trend as drift, on the series without its season. Null when the series is too short or constant.
 */
export function forecastTheta(values: readonly number[], period: number, horizon: number): Forecast | null {
  const seasonal = isSeasonal(values, period);
  // A season that multiplies needs values above 0.
  const season = values.every((value) => value > 0) ? "M" : "A";
  const effects = seasonal ? seasonalEffects(values, period, season) : [];
  const apply = (value: number, at: number, sign: 1 | -1): number => {
    if (!seasonal) return value;
    const effect = effects[at % period] ?? 0;
    return season === "M" ? value * effect ** sign : value + sign * effect;
  };
  const adjusted = values.map((value, at) => apply(value, at, -1));
  const fit = fitForm(adjusted, 1, { error: "A", trend: "N", damped: false, season: "N" });
  if (!fit) return null;
  const { alpha } = fit.parameters;
  const drift = line(adjusted).slope / 2;
  const count = values.length;
  const already = (1 - (1 - alpha) ** count) / alpha;
  const variance = fit.pass.squares / Math.max(1, count - 2);
  const steps = Array.from({ length: horizon }, (_, step) => step);
  const plain = steps.map((step) => fit.pass.state.level + drift * (step + already));
  const ends = (share: number): Interval[] =>
    steps.map((step) => {
      const width = normalQuantile((1 + share) / 2) * Math.sqrt(variance * (1 + step * alpha * alpha));
      const middle = plain[step] ?? 0;
      return { lower: apply(middle - width, count + step, 1), upper: apply(middle + width, count + step, 1) };
    });
  return {
    method: "theta",
    mean: plain.map((value, step) => apply(value, count + step, 1)),
    intervals80: ends(0.8),
    intervals95: ends(0.95),
  };
}
