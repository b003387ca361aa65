import { line, mean, seasonalEffects } from "./decomposition.ts";
import { nameOf, passOver, pointForecasts, simulate, type EtsForm, type EtsParameters, type EtsPass } from "./ets-model.ts";
import { minimise } from "./nelder-mead.ts";
import { normalQuantile, randomFrom } from "./special-functions.ts";

export interface EtsFit {
  form: EtsForm;
  parameters: EtsParameters;
  pass: EtsPass;
  /** Corrected Akaike criterion: smaller is better. */
  aicc: number;
  /** Smoothing parameters and starting values, without the variance of the errors. */
  freedom: number;
}

/** What is weighed against each other. Infinite variances are left out: additive errors around a multiplied season. */
function formsFor(values: readonly number[], period: number): EtsForm[] {
  const isPositive = values.every((value) => value > 0);
  const hasSeason = period > 1 && values.length >= 2 * period + 1;
  const forms: EtsForm[] = [];
  for (const error of isPositive ? (["A", "M"] as const) : (["A"] as const))
    for (const season of hasSeason ? (["N", "A", "M"] as const) : (["N"] as const)) {
      if (season === "M" && error === "A") continue;
      forms.push(
        { error, season, trend: "N", damped: false },
        { error, season, trend: "A", damped: false },
        { error, season, trend: "A", damped: true },
      );
    }
  return forms;
}

/** The exponential smoothing model with the smallest AICc. Null when the series is too short for the simplest, or constant. */
export function fitEts(values: readonly number[], period: number): EtsFit | null {
  let best: EtsFit | null = null;
  for (const form of formsFor(values, period)) {
    const fit = fitForm(values, period, form);
    if (fit && (!best || fit.aicc < best.aicc)) best = fit;
  }
  return best;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const logit = (share: number): number => Math.log(share / (1 - share));
const within = (low: number, high: number, x: number): number => low + (high - low) * logistic(x);

/** With longer periods the effects that the series starts from are those of its decomposition: searched for as well, they cost twenty times the time and gain nothing. */
const longestSearchedPeriod = 4;
const least = 1e-4;
const dampedLeast = 0.8;
const dampedMost = 0.98;

export function fitForm(values: readonly number[], period: number, form: EtsForm): EtsFit | null {
  const start = startingState(values, period, form);
  const seasons = start.effects.length;
  const freedom = 1 + (form.trend === "A" ? 2 : 0) + (form.damped ? 1 : 0) + (seasons > 0 ? 1 + seasons - 1 : 0) + 1;
  const isSearched = seasons > 0 && seasons <= longestSearchedPeriod;
  const degrees = values.length - (freedom + 1) - 1;
  if (degrees <= 0) return null;

  const spread = Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
  if (!(spread > 0)) return null;
  const scale = { level: spread, growth: spread / Math.sqrt(values.length), effect: form.season === "M" ? 1 : spread };
  const unpack = (at: readonly number[]): EtsParameters | null => {
    let next = 0;
    const take = (): number => at[next++] ?? 0;
    const alpha = within(least, 1 - least, take());
    const beta = form.trend === "A" ? within(least, alpha, take()) : 0;
    const gamma = seasons > 0 ? within(least, 1 - alpha, take()) : 0;
    const phi = form.damped ? within(dampedLeast, dampedMost, take()) : 1;
    const level = start.level + scale.level * take();
    const growth = form.trend === "A" ? start.growth + scale.growth * take() : 0;
    const effects: number[] = [];
    let total = 0;
    for (let position = 0; position < seasons - 1; position++) {
      const effect = (start.effects[position] ?? 0) + (isSearched ? scale.effect * take() : 0);
      effects.push(effect);
      total += effect;
    }
    if (seasons > 0) effects.push((form.season === "M" ? seasons : 0) - total);
    if (form.season === "M" && effects.some((effect) => effect <= 0)) return null;
    return { alpha, beta, gamma, phi, level, growth, effects };
  };
  const deviance = (at: readonly number[]): number => {
    const parameters = unpack(at);
    return parameters ? passOver(values, form, parameters).deviance : Number.POSITIVE_INFINITY;
  };
  const smoothing = [
    logit(0.2),
    ...(form.trend === "A" ? [logit(0.1)] : []),
    ...(seasons > 0 ? [logit(0.1)] : []),
    ...(form.damped ? [logit(0.9)] : []),
  ];
  const searched = freedom - smoothing.length - (seasons > 0 && !isSearched ? seasons - 1 : 0);
  const states = Array.from({ length: searched }, () => 0);
  const step = [...smoothing.map(() => 1), ...states.map(() => 0.1)];
  const found = minimise(deviance, [...smoothing, ...states], { step, tolerance: 1e-7, maxSteps: 1000, rounds: 3 });
  const parameters = unpack(found.at);
  if (!parameters || !Number.isFinite(found.value)) return null;
  const count = freedom + 1;
  return {
    form,
    parameters,
    pass: passOver(values, form, parameters),
    aicc: found.value + 2 * count + (2 * count * (count + 1)) / degrees,
    freedom,
  };
}

/** Level and growth of a line through the first values, after the season is taken out by classical decomposition. */
function startingState(values: readonly number[], period: number, form: EtsForm): Pick<EtsParameters, "level" | "growth" | "effects"> {
  const effects =
    form.season === "N"
      ? []
      : seasonalEffects(values, period, form.season).map((effect) => (form.season === "M" ? Math.max(effect, 0.01) : effect));
  const adjusted = values.map((value, at) => {
    const effect = effects[at % period] ?? 0;
    return form.season === "N" ? value : form.season === "M" ? value / effect : value - effect;
  });
  const first = adjusted.slice(0, Math.max(10, 2 * period));
  if (form.trend === "N") return { level: mean(first), growth: 0, effects };
  const { intercept, slope } = line(first);
  return { level: intercept, growth: slope, effects };
}

export interface Interval {
  lower: number;
  upper: number;
}

export interface Forecast {
  method: string;
  mean: number[];
  /** Prediction intervals of 80 and of 95 %, by horizon. */
  intervals80: Interval[];
  intervals95: Interval[];
}

const courses = 1000;
const drawn = new Map<number, readonly number[][]>();

/** Standard normal errors for each course: the same for every series, as each is forecast by itself. */
function standardErrors(horizon: number): readonly number[][] {
  const known = drawn.get(horizon);
  if (known) return known;
  const random = randomFrom(1);
  const normal = (): number => normalQuantile(Math.min(1 - 1e-12, Math.max(1e-12, random())));
  const errors = Array.from({ length: courses }, () => Array.from({ length: horizon }, normal));
  drawn.set(horizon, errors);
  return errors;
}

/** Forecasts with prediction intervals from simulated courses with normal errors; the same every time. */
export function forecastEts(fit: EtsFit, seen: number, horizon: number): Forecast {
  const { form, parameters, pass, freedom } = fit;
  const deviation = Math.sqrt(pass.squares / Math.max(1, seen - freedom));
  const ends: number[][] = Array.from({ length: horizon }, () => []);
  for (const standard of standardErrors(horizon)) {
    const errors = standard.map((error) => error * deviation);
    const course = simulate(form, parameters, pass.state, seen, errors);
    for (let step = 0; step < horizon; step++) ends[step]?.push(course[step] ?? 0);
  }
  for (const values of ends) values.sort((left, right) => left - right);
  const between = (share: number): Interval[] =>
    ends.map((values) => ({ lower: quantile(values, (1 - share) / 2), upper: quantile(values, (1 + share) / 2) }));
  return {
    method: nameOf(form),
    mean: pointForecasts(form, parameters, pass.state, seen, horizon),
    intervals80: between(0.8),
    intervals95: between(0.95),
  };
}

function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (place - Math.floor(place)) * (above - below);
}
