import { existsSync, readdirSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";

/** Of the processes that run people's SQL: with ten of them at it, the dashboards' process still has more than nine tenths of a processor it wants. */
export const sqlPriority = constants.priority.PRIORITY_LOW;
/** Of the process that decides over them: it answers before they do, and after the dashboards. */
export const sandboxPriority = constants.priority.PRIORITY_BELOW_NORMAL;

const threadsFolder = "/proc/self/task";

/**
 * Lowers the priority of this process. On Linux that is a thread's, and a new thread begins with its maker's: those that are there already (the pool that
 * queries run in) are lowered one by one.
 */
export const lowerPriority = (niceness: number): void => {
  const threads = existsSync(threadsFolder) ? readdirSync(threadsFolder).map(Number) : [0];
  for (const thread of threads) {
    try {
      setPriority(thread, Math.max(getPriority(thread), niceness));
    } catch (error) {
      const { info } = error as { info?: { code?: string } };
      if (info?.code !== "ESRCH") throw error; // a thread that has just ended has no priority to lower
    }
  }
};
