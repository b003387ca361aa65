const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
  9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0, to about 14 digits (Lanczos' series, g = 7). */
export function logGamma(x: number): number {
  // The series is for x >= 1/2.
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  let sum = 0.99999999999980993;
  for (const [index, coefficient] of lanczos.entries()) sum += coefficient / (shifted + index + 1);
  const base = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}

export const logBeta = (left: number, right: number): number => logGamma(left) + logGamma(right) - logGamma(left + right);

/** Gauss' hypergeometric function 2F1(a, b; c; z) for positive a, b, c and 0 <= z < 1, by its series. Throws when that does not settle. */
export function hypergeometric(a: number, b: number, c: number, z: number): number {
  // Euler: the transformed series has smaller terms when a + b > c.
  if (a + b > c && c > a && c > b) return (1 - z) ** (c - a - b) * series(c - a, c - b, c, z);
  return series(a, b, c, z);
}

const mostTerms = 100_000;

function series(a: number, b: number, c: number, z: number): number {
  let term = 1;
  let sum = 1;
  for (let index = 0; index < mostTerms; index++) {
    term *= (((a + index) * (b + index)) / (c + index) / (index + 1)) * z;
    sum += term;
    if (Math.abs(term) < 1e-13 * Math.abs(sum)) return sum;
  }
  throw new Error(`2F1(${a}, ${b}; ${c}; ${z}) does not settle within ${mostTerms} terms`);
}

const centralTop = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
const centralBottom = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
const tailTop = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
const tailBottom = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

/** The value below which a standard normal falls with this probability: 0.975 gives 1.95996 (Acklam's rational approximation, error below 1.2e-9 of the value). */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1))
    throw new RangeError(`normalQuantile takes a probability between 0 and 1, found ${probability}`);
  const tail = 0.02425;
  if (probability < tail) {
    const q = Math.sqrt(-2 * Math.log(probability));
    return polynomial(tailTop, q) / polynomial(tailBottom, q);
  }
  if (probability > 1 - tail) return -normalQuantile(1 - probability);
  const q = probability - 0.5;
  const r = q * q;
  return (polynomial(centralTop, r) * q) / polynomial(centralBottom, r);
}

export type Random = () => number;

/** Mulberry32: uniform numbers from 0 up to 1, the same for the same seed. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
