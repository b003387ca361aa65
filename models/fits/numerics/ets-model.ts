import { mean } from "./decomposition.ts";
import type { Season } from "./decomposition.ts";

/** An exponential smoothing model in the notation of Hyndman et al. (2008): errors and seasons add (`A`) or multiply (`M`), a trend adds and may be damped. */
export interface EtsForm {
  error: "A" | "M";
  trend: "N" | "A";
  damped: boolean;
  season: Season;
}

/** `ETS(M,Ad,M)`. */
export const nameOf = ({ error, trend, damped, season }: EtsForm): string => `ETS(${error},${trend}${damped ? "d" : ""},${season})`;

export interface EtsParameters {
  alpha: number;
  beta: number;
  gamma: number;
  /** 1 for a trend that is not damped. */
  phi: number;
  level: number;
  growth: number;
  /** One effect for each position in the period, of the first value first; empty without season. */
  effects: number[];
}

/** Where the recursion stands after the last value. */
export interface EtsState {
  level: number;
  growth: number;
  effects: number[];
}

export interface EtsPass {
  /** n ln Σ ε² (+ 2 Σ ln |forecast| for multiplicative errors): -2 ln L but for a constant. */
  deviance: number;
  squares: number;
  state: EtsState;
}

const tooSmall = 1e-10;

/** Runs the recursion over the values. The state is given out anew; the parameters stay as they are. */
export function passOver(values: readonly number[], form: EtsForm, parameters: EtsParameters): EtsPass {
  const { alpha, beta, gamma, phi } = parameters;
  const effects = [...parameters.effects];
  const period = effects.length;
  const isMultiplied = form.season === "M";
  const hasTrend = form.trend === "A";
  let { level, growth } = parameters;
  let squares = 0;
  let logs = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    const base = hasTrend ? level + phi * growth : level;
    const effect = period === 0 ? 0 : (effects[at % period] ?? 0);
    const forecast = period === 0 ? base : isMultiplied ? base * effect : base + effect;
    let error = value - forecast;
    if (form.error === "M") {
      if (Math.abs(forecast) < tooSmall) return refused;
      error /= forecast;
      logs += Math.log(Math.abs(forecast));
    }
    squares += error * error;
    if (isMultiplied && (Math.abs(effect) < tooSmall || Math.abs(base) < tooSmall)) return refused;
    const adjusted = period === 0 ? value : isMultiplied ? value / effect : value - effect;
    const before = level;
    level = base + alpha * (adjusted - base);
    if (hasTrend) growth = phi * growth + (beta / alpha) * (level - before - phi * growth);
    if (period > 0) effects[at % period] = effect + gamma * ((isMultiplied ? value / base : value - base) - effect);
  }
  const deviance = values.length * Math.log(squares) + 2 * logs;
  return { deviance: Number.isNaN(deviance) ? Number.POSITIVE_INFINITY : deviance, squares, state: { level, growth, effects } };
}

const refused: EtsPass = {
  deviance: Number.POSITIVE_INFINITY,
  squares: Number.POSITIVE_INFINITY,
  state: { level: 0, growth: 0, effects: [] },
};

/** The point forecasts for the `horizon` values after the `seen` ones. */
export function pointForecasts(form: EtsForm, { phi }: EtsParameters, state: EtsState, seen: number, horizon: number): number[] {
  const period = state.effects.length;
  let growth = 0;
  return Array.from({ length: horizon }, (_, step) => {
    growth += phi ** (step + 1);
    const base = form.trend === "A" ? state.level + growth * state.growth : state.level;
    if (period === 0) return base;
    const effect = state.effects[(seen + step) % period] ?? 0;
    return form.season === "M" ? base * effect : base + effect;
  });
}

/** One future course of the series: the recursion fed with these errors. */
export function simulate(form: EtsForm, parameters: EtsParameters, state: EtsState, seen: number, errors: readonly number[]): number[] {
  const { alpha, beta, gamma, phi } = parameters;
  const effects = [...state.effects];
  const period = effects.length;
  let { level, growth } = state;
  return errors.map((error, step) => {
    const at = (seen + step) % Math.max(period, 1);
    const base = form.trend === "A" ? level + phi * growth : level;
    const effect = period === 0 ? 0 : (effects[at] ?? 0);
    const forecast = period === 0 ? base : form.season === "M" ? base * effect : base + effect;
    const value = forecast + (form.error === "M" ? forecast * error : error);
    const adjusted = period === 0 ? value : form.season === "M" ? (effect === 0 ? base : value / effect) : value - effect;
    const before = level;
    level = base + alpha * (adjusted - base);
    if (form.trend === "A") growth = phi * growth + (beta / alpha) * (level - before - phi * growth);
    if (period > 0) effects[at] = effect + gamma * ((form.season === "M" ? (base === 0 ? effect : value / base) : value - base) - effect);
    return value;
  });
}

/** Mean absolute error of repeating the value of one period before, within the history: the unit of MASE. Null when that is 0 or there is no second period. */
export function seasonalNaiveError(values: readonly number[], period: number): number | null {
  const errors = values.slice(period).map((value, index) => Math.abs(value - (values[index] ?? 0)));
  const scale = errors.length === 0 ? 0 : mean(errors);
  return scale > 0 ? scale : null;
}
