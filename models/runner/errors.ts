import type { BatchResults } from "./microbatch.ts";

/** The project itself is wrong (exit code 2): the message says which file, what stands there and what would do. */
export class ProjectError extends Error {
  override name = "ProjectError";
}

/** The command was called wrongly (exit code 2). */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The database refused a node's SQL (exit code 1); keeps the SQL that was sent. */
export class NodeError extends Error {
  override name = "NodeError";
  readonly sql: string;
  constructor(message: string, sql: string, cause?: unknown) {
    super(message, { cause });
    this.sql = sql;
  }
}

/** Some batches of a model could not be built. */
export class BatchError extends NodeError {
  override name = "BatchError";
  readonly batches: BatchResults;
  constructor(message: string, sql: string, batches: BatchResults) {
    super(message, sql);
    this.batches = batches;
  }
}

/** The candidates most like `name`, best first; for "did you mean". */
export function nearest(name: string, candidates: Iterable<string>, most = 3): string[] {
  const scored = [...candidates]
    .map((candidate) => ({ candidate, distance: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.ceil(Math.max(name.length, candidate.length) / 3)));
  return scored
    .sort((left, right) => left.distance - right.distance || (left.candidate < right.candidate ? -1 : 1))
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** ` Did you mean "a" or "b"?`, or nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const found = nearest(name, candidates);
  return found.length === 0 ? "" : ` Did you mean ${found.map((candidate) => `"${candidate}"`).join(" or ")}?`;
}

function distance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
