import { formatLsn, parseLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";

/** How far the mirror is. */
export interface Applied {
  /** Everything that committed before this position is mirrored. */
  lsn: string;
  /** RFC 3339 UTC. Everything that committed before this time is mirrored. */
  at: string;
}

export interface AppliedEvent extends Applied {
  /** Tables whose rows changed; empty when only the position or the time moved. */
  tables: string[];
}

interface Waiter {
  lsn: Lsn;
  resolve: () => void;
}

/** Where the mirror stands, who wants to know, and who waits. */
export interface Progress {
  current(): Applied | null;
  /** The rows up to `lsn` are durable; `at` is the commit time of the last of them. */
  advance(lsn: Lsn, at: string, tables: string[]): void;
  /** At `at` the source's log ended at `lsn`: once that is reached, and until something newer comes, the mirror is fresh to `at`. */
  checked(lsn: Lsn, at: string): void;
  /** `at` of the next `advance` to `lsn`, a check that it satisfies included. */
  freshAt(lsn: Lsn, at: string): string;
  onApplied(listener: (event: AppliedEvent) => void): () => void;
  /** Resolves when `lsn` is applied; rejects after `timeoutMs`. */
  waitFor(lsn: string, timeoutMs: number): Promise<void>;
}

export function createProgress(): Progress {
  const listeners = new Set<(event: AppliedEvent) => void>();
  const waiters = new Set<Waiter>();
  let applied: { lsn: Lsn; at: string } | null = null;
  let check: { lsn: Lsn; at: string } | null = null;

  const current = (): Applied | null => (applied ? { lsn: formatLsn(applied.lsn), at: applied.at } : null);
  const freshAt = (lsn: Lsn, at: string): string => {
    const least = applied && applied.at > at ? applied.at : at;
    return check && check.lsn <= lsn && check.at > least ? check.at : least;
  };
  const advance = (lsn: Lsn, at: string, tables: string[]): void => {
    applied = { lsn, at: freshAt(lsn, at) };
    if (check && check.lsn <= lsn) check = null;
    const event = { lsn: formatLsn(lsn), at: applied.at, tables };
    for (const waiter of waiters) if (waiter.lsn <= lsn) waiter.resolve();
    for (const listener of listeners) listener(event);
  };
  return {
    current,
    freshAt,
    advance,
    checked(lsn, at) {
      // An open check is kept: replaced by a newer one each time, it might never be reached.
      check ??= { lsn, at };
      if (applied && check.lsn <= applied.lsn) advance(applied.lsn, applied.at, []);
    },
    onApplied(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    waitFor(text, timeoutMs) {
      const lsn = parseLsn(text);
      if (applied && applied.lsn >= lsn) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          lsn,
          resolve: () => {
            clearTimeout(timer);
            waiters.delete(waiter);
            resolve();
          },
        };
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(new Error(`the mirror is at ${current()?.lsn ?? "nothing"} and did not reach ${text} within ${timeoutMs} ms`));
        }, timeoutMs);
        waiters.add(waiter);
      });
    },
  };
}
