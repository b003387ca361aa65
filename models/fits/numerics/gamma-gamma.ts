import { minimise } from "./nelder-mead.ts";
import { logGamma } from "./special-functions.ts";

/** A customer's repeat purchases: how many, and what one was worth on average. */
export interface Spending {
  repeats: number;
  meanValue: number;
}

/** Each purchase's value is Gamma(p, nu); nu differs between customers as Gamma(q, v). */
export interface GammaGamma {
  p: number;
  q: number;
  v: number;
  logLikelihood: number;
  converged: boolean;
}

/** Gamma-Gamma model of spend per purchase by maximum likelihood: Fader and Hardie (2013), equation 1a. Takes customers with repeats > 0 and a positive mean value. */
export function fitGammaGamma(spendings: readonly Spending[]): GammaGamma {
  // Only v has a unit: measured in mean values, the search starts equally well for cents and for millions.
  const unit = spendings.reduce((sum, { meanValue }) => sum + meanValue, 0) / spendings.length;
  const negative = (logs: readonly number[]): number => {
    if (logs.some((log) => Math.abs(log) > 15)) return Number.POSITIVE_INFINITY;
    const [p = 0, q = 0, v = 0] = logs.map(Math.exp);
    return -logLikelihood({ p, q, v: v * unit }, spendings);
  };
  const found = minimise(negative, [1, 1, 0]);
  const [p = 0, q = 0, v = 0] = found.at.map(Math.exp);
  return { p, q, v: v * unit, logLikelihood: -found.value, converged: found.converged };
}

function logLikelihood({ p, q, v }: Pick<GammaGamma, "p" | "q" | "v">, spendings: readonly Spending[]): number {
  const constant = q * Math.log(v) - logGamma(q);
  let sum = 0;
  for (const { repeats, meanValue } of spendings) {
    const shape = p * repeats;
    sum +=
      logGamma(shape + q) -
      logGamma(shape) +
      constant +
      (shape - 1) * Math.log(meanValue) +
      shape * Math.log(repeats) -
      (shape + q) * Math.log(v + repeats * meanValue);
  }
  return sum;
}

/** The expected value of a purchase, given those seen (none: of a customer yet unknown). Null where the model's mean does not exist. */
export function expectedSpend({ p, q, v }: Pick<GammaGamma, "p" | "q" | "v">, { repeats, meanValue }: Spending): number | null {
  const denominator = p * repeats + q - 1;
  return denominator > 0 ? (p * (v + repeats * meanValue)) / denominator : null;
}
