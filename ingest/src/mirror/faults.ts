import { problemOf } from "./problems.ts";
import type { MirrorProblem } from "./problems.ts";

type Waiting = "waiting_for_transactions" | "waiting_for_lock";

/** Tables whose rows could not be taken over, kept across connections: what went wrong, and when it is worth another try. */
export interface Faults {
  /** Something went wrong with a table; the first time it may be tried again at once. */
  note(table: string, detail: string): void;
  /** The table can't be read now, because the source has others to wait for. */
  delay(table: string, reason: Waiting): void;
  /** It is not yet time for another try. */
  isResting(table: string): boolean;
  /** The table's rows were taken over. */
  clear(table: string): void;
  problems(): MirrorProblem[];
}

const firstRestMs = 3_000;
const longestRestMs = 300_000;
const delayMs = 5_000;
/** A table that went well for so long is not on its way to fail again. */
const forgottenAfterMs = 600_000;

interface Fault {
  problem: MirrorProblem;
  times: number;
  at: number;
  restsUntil: number;
  cleared: boolean;
}

/** `now` in milliseconds of a clock that never jumps. */
export function createFaults(now: () => number = () => performance.now()): Faults {
  const faults = new Map<string, Fault>();
  return {
    note(table, detail) {
      const known = faults.get(table);
      const times = known && now() - known.at < forgottenAfterMs ? known.times + 1 : 1;
      const rest = times === 1 ? 0 : Math.min(firstRestMs * 2 ** (times - 2), longestRestMs);
      const problem = problemOf("failed", { table }, { detail });
      faults.set(table, { problem, times, at: now(), restsUntil: now() + rest, cleared: false });
    },
    delay(table, reason) {
      const times = faults.get(table)?.times ?? 0;
      faults.set(table, { problem: problemOf(reason, { table }, {}), times, at: now(), restsUntil: now() + delayMs, cleared: false });
    },
    isResting: (table) => {
      const fault = faults.get(table);
      return fault !== undefined && !fault.cleared && fault.restsUntil > now();
    },
    clear(table) {
      const fault = faults.get(table);
      if (fault) fault.cleared = true;
    },
    problems: () => [...faults.values()].flatMap(({ problem, cleared }) => (cleared ? [] : [problem])),
  };
}
