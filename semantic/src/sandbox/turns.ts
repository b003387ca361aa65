/** How many statements run at a time, of all users together; the others wait in a row. */

export interface Turns {
  /** Resolves with the function that gives the turn back; rejects with the reason of `signal` when that comes first. */
  take(user: string, signal: AbortSignal): Promise<() => void>;
}

interface Waiting {
  user: string;
  go: () => void;
}

/** A free turn goes to who has the fewest of them, and among these to who has waited longest: nobody's third statement is before somebody's first. */
export const createTurns = (atOnce: number): Turns => {
  const taken = new Map<string, number>();
  const waiting: Waiting[] = [];
  let free = atOnce;

  const begin = (user: string): (() => void) => {
    free--;
    taken.set(user, (taken.get(user) ?? 0) + 1);
    return () => {
      free++;
      const left = taken.get(user)! - 1;
      if (left) taken.set(user, left);
      else taken.delete(user);
      const fewest = Math.min(...waiting.map((each) => taken.get(each.user) ?? 0));
      const next = waiting.findIndex((each) => (taken.get(each.user) ?? 0) === fewest);
      waiting.splice(next, next < 0 ? 0 : 1)[0]?.go();
    };
  };

  return {
    take: (user, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        if (free > 0) return resolve(begin(user));
        const stop = (): void => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(signal.reason as Error);
        };
        const entry: Waiting = {
          user,
          go: () => {
            signal.removeEventListener("abort", stop);
            resolve(begin(user));
          },
        };
        signal.addEventListener("abort", stop, { once: true });
        waiting.push(entry);
      }),
  };
};
