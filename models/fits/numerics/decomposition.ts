export type Season = "N" | "A" | "M";

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Least squares through (1, y1), (2, y2), …. */
export function line(values: readonly number[]): { intercept: number; slope: number } {
  const count = values.length;
  const middle = (count + 1) / 2;
  const average = mean(values);
  let above = 0;
  let below = 0;
  for (const [index, value] of values.entries()) {
    above += (index + 1 - middle) * (value - average);
    below += (index + 1 - middle) ** 2;
  }
  const slope = below === 0 ? 0 : above / below;
  return { intercept: average - slope * middle, slope };
}

/**
 * Classical decomposition by a centred moving average. Answers the effect of each position within the period, the first value's first: they sum to 0
 * when they are added (`A`), to the period when they are factors (`M`). Needs two whole periods.
 */
export function seasonalEffects(values: readonly number[], period: number, season: "A" | "M"): number[] {
  const half = Math.floor(period / 2);
  const sums = Array.from({ length: period }, () => ({ total: 0, count: 0 }));
  for (let at = half; at < values.length - half; at++) {
    const window = values.slice(at - half, at + half + 1);
    // An even period's window has one value too many: its ends count half.
    const ends = period % 2 === 0 ? ((window[0] ?? 0) + (window[window.length - 1] ?? 0)) / 2 : 0;
    const trend = (window.reduce((sum, value) => sum + value, 0) - ends) / period;
    const value = values[at] ?? 0;
    const effect = season === "A" ? value - trend : value / trend;
    const position = sums[at % period];
    if (!position || !Number.isFinite(effect)) continue;
    position.total += effect;
    position.count++;
  }
  const neutral = season === "A" ? 0 : 1;
  const effects = sums.map(({ total, count }) => (count === 0 ? neutral : total / count));
  const average = mean(effects);
  return effects.map((effect) => (season === "A" ? effect - average : effect / average));
}
