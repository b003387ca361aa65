export interface Scored {
  score: number;
  outcome: boolean;
}

export interface Decile {
  /** 1 for the highest scores. */
  decile: number;
  count: number;
  /** Mean score. */
  predicted: number;
  /** Share with the outcome. */
  actual: number;
  /** `actual` in relation to the share among all; null when nobody has the outcome. */
  lift: number | null;
}

/** The tenth that each place of a ranking of `count` falls into, places counted from 0: tenths as equal as they can be. */
export const decileOf = (place: number, count: number): number => Math.floor((place * 10) / count) + 1;

/** How often the outcome came, by tenths of the scores from the highest down. Fewer than ten subjects leave some tenths out. */
export function byDecile(scored: readonly Scored[]): Decile[] {
  const ranked = scored.toSorted((left, right) => right.score - left.score);
  const base = ranked.filter(({ outcome }) => outcome).length / ranked.length;
  const groups = Map.groupBy(ranked.entries(), ([place]) => decileOf(place, ranked.length));
  return [...groups].map(([decile, entries]) => {
    const members = entries.map(([, one]) => one);
    const actual = members.filter(({ outcome }) => outcome).length / members.length;
    return {
      decile,
      count: members.length,
      predicted: members.reduce((sum, { score }) => sum + score, 0) / members.length,
      actual,
      lift: base > 0 ? actual / base : null,
    };
  });
}

/** Area under the ROC curve: the probability that one with the outcome scored higher than one without; equal scores count half. Null when one of the two is missing. */
export function areaUnderCurve(scored: readonly Scored[]): number | null {
  const ranked = scored.toSorted((left, right) => left.score - right.score);
  let ranks = 0;
  for (let from = 0; from < ranked.length;) {
    let to = from;
    while (to < ranked.length && ranked[to]?.score === ranked[from]?.score) to++;
    const middle = (from + 1 + to) / 2;
    for (let place = from; place < to; place++) if (ranked[place]?.outcome) ranks += middle;
    from = to;
  }
  const positives = ranked.filter(({ outcome }) => outcome).length;
  const negatives = ranked.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}
