export interface Minimum {
  /** Where the smallest value was found. */
  at: number[];
  value: number;
  /** False when the steps ran out before the simplex was small enough. */
  converged: boolean;
}

export interface NelderMeadOptions {
  /** Length of the first step along each axis; default 0.5. */
  step?: number | readonly number[];
  /** Ends when the corners are near each other and their values differ by less than this, relative to their size; default 1e-10. */
  tolerance?: number;
  /** Default 2000. */
  maxSteps?: number;
  /** `minimise` only: how often to start again at most; default 8. */
  rounds?: number;
}

/**
 * The smallest value of a function of several numbers, by the simplex of Nelder and Mead (1965) with the usual coefficients (1, 2, 1/2, 1/2).
 * Needs no derivatives. Values that are not finite count as infinitely bad, so a function may refuse a place.
 */
export function nelderMead(
  objective: (at: readonly number[]) => number,
  start: readonly number[],
  options: NelderMeadOptions = {},
): Minimum {
  const { step = 0.5, tolerance = 1e-10, maxSteps = 2000 } = options;
  const size = start.length;
  const evaluate = (at: readonly number[]): number => {
    const value = objective(at);
    return Number.isFinite(value) ? value : Number.MAX_VALUE;
  };
  const corners = [[...start]];
  for (let axis = 0; axis < size; axis++) {
    const corner = [...start];
    corner[axis] = (corner[axis] ?? 0) + (typeof step === "number" ? step : (step[axis] ?? 0.5));
    corners.push(corner);
  }
  let simplex = corners.map((at) => ({ at, value: evaluate(at) }));
  const byValue = (left: { value: number }, right: { value: number }): number => left.value - right.value;
  simplex.sort(byValue);
  for (let count = 0; count < maxSteps; count++) {
    const best = simplex[0];
    const worst = simplex[size];
    if (!best || !worst) break;
    if (worst.value - best.value <= tolerance * (Math.abs(best.value) + tolerance) && isNear(worst.at, best.at))
      return { ...best, converged: true };
    const centre = Array.from({ length: size }, () => 0);
    for (const { at } of simplex.slice(0, size))
      for (let axis = 0; axis < size; axis++) centre[axis] = (centre[axis] ?? 0) + (at[axis] ?? 0) / size;
    const along = (factor: number): { at: number[]; value: number } => {
      const at = centre.map((middle, axis) => middle + factor * ((worst.at[axis] ?? 0) - middle));
      return { at, value: evaluate(at) };
    };
    const reflected = along(-1);
    let replacement = reflected;
    if (reflected.value < best.value) {
      const expanded = along(-2);
      if (expanded.value < reflected.value) replacement = expanded;
    } else if (reflected.value >= (simplex[size - 1]?.value ?? 0)) {
      const contracted = reflected.value < worst.value ? along(-0.5) : along(0.5);
      if (contracted.value < Math.min(reflected.value, worst.value)) replacement = contracted;
      else {
        simplex = simplex.map((corner, index) => {
          if (index === 0) return corner;
          const at = corner.at.map((value, axis) => ((best.at[axis] ?? 0) + value) / 2);
          return { at, value: evaluate(at) };
        });
        simplex.sort(byValue);
        continue;
      }
    }
    simplex[size] = replacement;
    simplex.sort(byValue);
  }
  const best = simplex[0];
  if (!best) throw new Error("nelderMead needs at least one number to vary");
  return { ...best, converged: false };
}

/** Equal values alone prove nothing: two corners may lie on either side of a valley. */
const isNear = (left: readonly number[], right: readonly number[]): boolean =>
  left.every((value, axis) => Math.abs(value - (right[axis] ?? 0)) <= 1e-3 * (1 + Math.abs(value)));

/** Starts again from what was found until that no longer helps: a simplex may collapse before it arrives. */
export function minimise(objective: (at: readonly number[]) => number, start: readonly number[], options: NelderMeadOptions = {}): Minimum {
  let found = nelderMead(objective, start, options);
  for (let round = 0; round < (options.rounds ?? 8); round++) {
    const again = nelderMead(objective, found.at, options);
    const gain = found.value - again.value;
    found = again.value <= found.value ? again : found;
    if (again.converged && gain <= 1e-9 * (Math.abs(found.value) + 1)) return { ...found, converged: true };
  }
  return { ...found, converged: false };
}
