/** Number of single-letter insertions, deletions and replacements between two words. */
const distance = (left: string, right: string): number => {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
};

/** The known name that the writer probably meant, or null when none is near. */
export const nearestName = (name: string, known: readonly string[]): string | null => {
  const ranked = known
    .map((candidate) => ({ candidate, apart: distance(name.toLowerCase(), candidate) }))
    .sort((a, b) => a.apart - b.apart);
  const best = ranked[0];
  if (!best) return null;
  const contained = best.candidate.includes(name) || name.includes(best.candidate);
  return best.apart <= Math.max(2, Math.floor(name.length / 3)) || contained ? best.candidate : null;
};
