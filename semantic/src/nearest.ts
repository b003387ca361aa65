/** The names that someone who typed `name` most likely meant, best first. */
export const nearest = (name: string, candidates: readonly string[], count = 3): string[] => {
  const folded = name.toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, distance: distance(folded, candidate.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance || left.candidate.localeCompare(right.candidate, "en"))
    .slice(0, count)
    .map(({ candidate }) => candidate);
};

/** Levenshtein distance. */
const distance = (left: string, right: string): number => {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++)
      current.push(
        Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1)),
      );
    previous = current;
  }
  return previous[right.length]!;
};
