import type { BuildOutcome } from "./build.ts";
import { BuildFailure } from "./make-nodes.ts";

export interface LiveLogger {
  /** Where the time of each build went. */
  debug?(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What every node took, slowest first, and what the day's comparison with a whole build found. */
export function logBuild(logger: LiveLogger, build: string, ms: number, { drifts, results }: BuildOutcome): void {
  const slowest = results.toSorted((one, other) => other.executionTime - one.executionTime);
  const nodes = slowest.map(({ name, executionTime }) => `${Math.round(executionTime * 1000)} ms ${name}`);
  logger.debug?.({ build, ms: Math.round(ms), nodes }, "built");
  if (drifts?.length === 0) logger.info({ build }, "builds by parts and a whole build are equal");
  else if (drifts)
    logger.error({ build, drifts }, "builds by parts had come to other rows than a whole build; the whole one's are in place now");
}

/** Part of the marts may be newer than the rest: the next build makes at least the same ones again, since nothing was cleared. */
export function logFailure(logger: LiveLogger, error: unknown): void {
  if (error instanceof BuildFailure) {
    const nodes = error.failed.map(({ name: node, status: outcome, message, failures }) => ({ node, outcome, message, failures }));
    logger.error({ failed: nodes }, "a build failed; the earlier snapshot stays until the next change");
  } else logger.error({ err: error }, "a build could not be made or published; the earlier snapshot stays until the next change");
}
