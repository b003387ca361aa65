/** A small seeded generator: the demo company must be the same on every machine, so nothing here asks the runtime for chance or time. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [least, most]. */
  integer(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** Index drawn in proportion to `weights`. */
  weighted(weights: readonly number[]): number;
  /** Log-normal with the given median; `sigma` is the standard deviation of the logarithm. */
  lognormal(median: number, sigma: number): number;
  shuffle<T>(list: T[]): T[];
}

/** FNV-1a, so that `randomFrom(1, "customer:7")` and `randomFrom(1, "customer:8")` share nothing. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
};

/** An independent stream per seed and label: a customer's life does not depend on how many customers came before. */
export function randomFrom(seed: number, label: string): Random {
  let state = hash(`${seed}/${label}`);
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const integer = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (list) => list[integer(0, list.length - 1)]!,
    weighted(weights) {
      let left = next() * weights.reduce((sum, weight) => sum + weight, 0);
      const index = weights.findIndex((weight) => (left -= weight) < 0);
      return index < 0 ? weights.length - 1 : index;
    },
    lognormal: (median, sigma) => median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
    shuffle(list) {
      for (let index = list.length - 1; index > 0; index--) {
        const other = integer(0, index);
        [list[index], list[other]] = [list[other]!, list[index]!];
      }
      return list;
    },
  };
}

/** Splits `total` into whole parts in proportion to `weights`, by largest remainder: the parts always add up to `total`. */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const parts = exact.map(Math.floor);
  const left = total - parts.reduce((all, part) => all + part, 0);
  const byRemainder = exact.map((value, index) => ({ index, remainder: value - Math.floor(value) }));
  byRemainder.sort((one, other) => other.remainder - one.remainder || one.index - other.index);
  for (const { index } of byRemainder.slice(0, left)) parts[index]!++;
  return parts;
}
