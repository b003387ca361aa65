import { minimise } from "./nelder-mead.ts";
import { hypergeometric, logBeta, logGamma } from "./special-functions.ts";

/** A customer's purchases as the models of Fader and Hardie see them. Times in weeks, counted from the first purchase. */
export interface PurchaseHistory {
  /** x: purchase days after the first one. */
  repeats: number;
  /** t_x: the last purchase; 0 without repeats. */
  recency: number;
  /** T: the end of the observation. */
  age: number;
}

/** Purchases come as Poisson with a rate from Gamma(r, alpha); after each one a customer leaves with a probability from Beta(a, b). */
export interface BgNbd {
  r: number;
  alpha: number;
  a: number;
  b: number;
  logLikelihood: number;
  converged: boolean;
}

/** BG/NBD by maximum likelihood: Fader, Hardie and Lee, "Counting your customers" the easy way, Marketing Science 24 (2005), equation 6. */
export function fitBgNbd(histories: readonly PurchaseHistory[]): BgNbd {
  const counts = grouped(histories);
  const mostRepeats = histories.reduce((most, { repeats }) => Math.max(most, repeats), 0);
  const negative = (logs: readonly number[]): number => {
    // Beyond this the likelihood is flat and the powers overflow.
    if (logs.some((log) => Math.abs(log) > 12)) return Number.POSITIVE_INFINITY;
    const [r = 0, alpha = 0, a = 0, b = 0] = logs.map(Math.exp);
    return -logLikelihood({ r, alpha, a, b }, counts, mostRepeats);
  };
  const found = minimise(negative, [0, 1, 0, 1]);
  const [r = 0, alpha = 0, a = 0, b = 0] = found.at.map(Math.exp);
  return { r, alpha, a, b, logLikelihood: -found.value, converged: found.converged };
}

type Counted = PurchaseHistory & { customers: number };
type Parameters = Pick<BgNbd, "r" | "alpha" | "a" | "b">;

/** Equal histories once, with their number. */
function grouped(histories: readonly PurchaseHistory[]): Counted[] {
  const groups = new Map<string, Counted>();
  for (const { repeats, recency, age } of histories) {
    const key = `${repeats} ${recency} ${age}`;
    const group = groups.get(key);
    if (group) group.customers++;
    else groups.set(key, { repeats, recency, age, customers: 1 });
  }
  return [...groups.values()];
}

function logLikelihood({ r, alpha, a, b }: Parameters, counts: readonly Counted[], mostRepeats: number): number {
  const ofRepeats: number[] = [];
  const start = r * Math.log(alpha) - logGamma(r);
  for (let x = 0; x <= mostRepeats; x++) ofRepeats.push(logGamma(r + x) + start + logBeta(a, b + x) - logBeta(a, b));
  let sum = 0;
  for (const { repeats, recency, age, customers } of counts) {
    const alive = -(r + repeats) * Math.log(alpha + age);
    let either = alive;
    if (repeats > 0) {
      const gone = Math.log(a / (b + repeats - 1)) - (r + repeats) * Math.log(alpha + recency);
      const larger = Math.max(alive, gone);
      either = larger + Math.log(Math.exp(alive - larger) + Math.exp(gone - larger));
    }
    sum += customers * ((ofRepeats[repeats] ?? 0) + either);
  }
  return sum;
}

/** P(alive): the probability that the customer has not left. 1 without repeats, as the model lets customers leave only after a repeat. */
export function probabilityAlive({ r, alpha, a, b }: Parameters, { repeats, recency, age }: PurchaseHistory): number {
  if (repeats === 0) return 1;
  return 1 / (1 + (a / (b + repeats - 1)) * ((alpha + age) / (alpha + recency)) ** (r + repeats));
}

/** Expected purchases in the next `weeks`, given the history: equation 10 of the same paper. */
export function expectedPurchases(parameters: Parameters, history: PurchaseHistory, weeks: number): number {
  const { r, alpha, b } = parameters;
  // The formula divides by a - 1; its limit there is finite.
  const a = Math.abs(parameters.a - 1) < 1e-7 ? 1 + 1e-7 : parameters.a;
  const { repeats, age } = history;
  const stays =
    ((alpha + age) / (alpha + age + weeks)) ** (r + repeats) *
    hypergeometric(r + repeats, b + repeats, a + b + repeats - 1, weeks / (alpha + age + weeks));
  return ((a + b + repeats - 1) / (a - 1)) * (1 - stays) * probabilityAlive({ ...parameters, a }, history);
}
