/** One subject: its features in a fixed order, and what happened. */
export interface Example {
  features: readonly number[];
  outcome: boolean;
}

export interface LogisticModel {
  intercept: number;
  /** Change of the log-odds per standard deviation, by feature. */
  weights: number[];
  means: number[];
  /** Standard deviations; 1 for a feature that is constant. */
  deviations: number[];
}

const mostSteps = 50;

/**
 * Logistic regression on standardised features by Newton's method, with a ridge penalty on the weights (not on the intercept): the same for every feature,
 * as they are standardised. Throws when only one outcome occurs or the steps do not settle.
 */
export function fitLogistic(examples: readonly Example[], penalty = 1): LogisticModel {
  const positives = examples.filter(({ outcome }) => outcome).length;
  if (positives === 0 || positives === examples.length)
    throw new RangeError(`a logistic regression needs both outcomes, found ${positives} of ${examples.length}`);
  const size = examples[0]?.features.length ?? 0;
  const at = (features: readonly number[], index: number): number => features[index] ?? 0;
  const means = Array.from(
    { length: size },
    (_, index) => examples.reduce((sum, { features }) => sum + at(features, index), 0) / examples.length,
  );
  const deviations = means.map((average, index) => {
    const variance = examples.reduce((sum, { features }) => sum + (at(features, index) - average) ** 2, 0) / examples.length;
    return variance > 1e-12 ? Math.sqrt(variance) : 1;
  });
  const rows = examples.map(({ features }) => [1, ...standardise({ means, deviations }, features)]);
  let solution = Array.from({ length: size + 1 }, () => 0);
  for (let step = 0; step < mostSteps; step++) {
    const gradient = solution.map((weight, index) => (index === 0 ? 0 : -penalty * weight));
    const curvature = solution.map((_, row) => solution.map((_, column) => (row === column ? (row === 0 ? 1e-9 : penalty) : 0)));
    for (const [number, row] of rows.entries()) {
      const probability = sigmoid(row.reduce((sum, value, index) => sum + value * (solution[index] ?? 0), 0));
      const error = (examples[number]?.outcome ? 1 : 0) - probability;
      const weight = probability * (1 - probability);
      for (const [index, value] of row.entries()) {
        gradient[index] = (gradient[index] ?? 0) + error * value;
        const line = curvature[index];
        if (line) for (let column = 0; column <= index; column++) line[column] = (line[column] ?? 0) + weight * value * (row[column] ?? 0);
      }
    }
    const change = solveSymmetric(curvature, gradient);
    solution = solution.map((weight, index) => weight + (change[index] ?? 0));
    if (change.every((value) => Math.abs(value) < 1e-9)) {
      const [intercept = 0, ...weights] = solution;
      return { intercept, weights, means, deviations };
    }
  }
  throw new Error(`the logistic regression did not settle within ${mostSteps} steps on ${examples.length} examples`);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** How many standard deviations each feature lies from its mean, where the model was fitted. */
export const standardise = ({ means, deviations }: Pick<LogisticModel, "means" | "deviations">, features: readonly number[]): number[] =>
  features.map((value, index) => (value - (means[index] ?? 0)) / (deviations[index] ?? 1));

/** What each feature adds to the log-odds, in relation to an average subject. */
export const contributions = (model: LogisticModel, features: readonly number[]): number[] =>
  standardise(model, features).map((value, index) => value * (model.weights[index] ?? 0));

export const probabilityOf = (model: LogisticModel, features: readonly number[]): number =>
  sigmoid(model.intercept + contributions(model, features).reduce((sum, value) => sum + value, 0));

/** Solves a symmetric positive definite system, given its lower triangle, by Cholesky's decomposition. */
function solveSymmetric(lower: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length;
  const root: number[][] = [];
  for (let row = 0; row < size; row++) {
    const line: number[] = [];
    for (let column = 0; column <= row; column++) {
      let sum = lower[row]?.[column] ?? 0;
      for (let index = 0; index < column; index++) sum -= (line[index] ?? 0) * ((column === row ? line : root[column])?.[index] ?? 0);
      line.push(column === row ? Math.sqrt(sum) : sum / (root[column]?.[column] ?? 1));
    }
    root.push(line);
  }
  const forward: number[] = [];
  for (let row = 0; row < size; row++) {
    let sum = right[row] ?? 0;
    for (let index = 0; index < row; index++) sum -= (root[row]?.[index] ?? 0) * (forward[index] ?? 0);
    forward.push(sum / (root[row]?.[row] ?? 1));
  }
  const solution = Array.from({ length: size }, () => 0);
  for (let row = size - 1; row >= 0; row--) {
    let sum = forward[row] ?? 0;
    for (let index = row + 1; index < size; index++) sum -= (root[index]?.[row] ?? 0) * (solution[index] ?? 0);
    solution[row] = sum / (root[row]?.[row] ?? 1);
  }
  return solution;
}
