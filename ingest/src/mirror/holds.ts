import { formatLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";

/** A position at which the mirror can't stand still any more: changes that committed after it are applied. */
export class PassedError extends Error {
  override readonly name = "PassedError";
}

/** Someone wants the mirror to stand still exactly at a position. */
export interface Hold {
  lsn: Lsn;
  reached: () => void;
  /** The position will not be reached: the connection was lost, or it is passed (`PassedError`). */
  lost: (error: Error) => void;
  released: Promise<void>;
}

/** Those who want one connection's changes to stop somewhere, one after another. */
export interface Holds {
  add(hold: Hold): void;
  readonly isEmpty: boolean;
  /** Changes of a transaction that committed at `lsn` are applied, or begun to be. */
  applied(lsn: Lsn): void;
  /** Whose turn it is. Those whose position is passed have been told so. */
  next(): Hold | undefined;
  /** Stands still for the one whose turn it is, until it lets go. */
  standStill(): Promise<void>;
  /** The connection is lost. */
  lose(error: Error): void;
}

/** What earlier connections applied committed before `from`. */
export function createHolds(from: Lsn): Holds {
  let waiting: Hold[] = [];
  let appliedTo = from - 1n;
  return {
    add(hold) {
      waiting.push(hold);
    },
    get isEmpty() {
      return waiting.length === 0;
    },
    applied(lsn) {
      appliedTo = lsn;
    },
    next() {
      for (const { lsn, lost } of waiting) if (lsn <= appliedTo) lost(new PassedError(`the mirror is past ${formatLsn(lsn)}`));
      waiting = waiting.filter(({ lsn }) => lsn > appliedTo);
      return waiting[0];
    },
    async standStill() {
      const { reached, released } = waiting[0]!;
      reached();
      await released;
      waiting.shift();
    },
    lose(error) {
      for (const { lost } of waiting) lost(error);
    },
  };
}
