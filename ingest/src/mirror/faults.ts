import type { MirrorProblem } from "./problems.ts";

/** Tables whose rows could not be taken over, kept across connections: what went wrong, and when it is worth another try. */
export interface Faults {
  /** Something went wrong with a table; the first time it may be tried again at once. */
  note(table: string, what: string): void;
  /** The table can't be read now, because the source has others to wait for. */
  delay(table: string, what: string): void;
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
  what: string;
  waiting: boolean;
  times: number;
  at: number;
  restsUntil: number;
  cleared: boolean;
}

/** `now` in milliseconds of a clock that never jumps. */
export function createFaults(now: () => number = () => performance.now()): Faults {
  const faults = new Map<string, Fault>();
  return {
    note(table, what) {
      const known = faults.get(table);
      const times = known && now() - known.at < forgottenAfterMs ? known.times + 1 : 1;
      const rest = times === 1 ? 0 : Math.min(firstRestMs * 2 ** (times - 2), longestRestMs);
      faults.set(table, { what, waiting: false, times, at: now(), restsUntil: now() + rest, cleared: false });
    },
    delay(table, what) {
      const times = faults.get(table)?.times ?? 0;
      faults.set(table, { what, waiting: true, times, at: now(), restsUntil: now() + delayMs, cleared: false });
    },
    isResting: (table) => {
      const fault = faults.get(table);
      return fault !== undefined && !fault.cleared && fault.restsUntil > now();
    },
    clear(table) {
      const fault = faults.get(table);
      if (fault) fault.cleared = true;
    },
    problems: () =>
      [...faults].flatMap(([table, { what, waiting, cleared }]) =>
        cleared
          ? []
          : [
              {
                code: waiting ? ("waiting" as const) : ("failed" as const),
                table,
                column: null,
                what,
                remedy: waiting
                  ? "it is read as soon as the transactions that hold it have ended; see pg_stat_activity for those open long"
                  : "its rows are those of an earlier time; it is read again by itself, also after the cause is removed",
              },
            ],
      ),
  };
}
