import { Problem } from "@kehu/operational-api";

/** A browser holds one stream for all its tabs; each is looked after once a second for as long as it lasts. */
export const streamLimits = { perUser: 12, inAll: 1_000 } as const;

const retryAfterSeconds = 30;

const full = (who: string, most: number, remedy: string): Problem =>
  new Problem(429, `${who} ${most} event streams open, as many as there may be; ${remedy} in ${retryAfterSeconds} seconds`, {
    headers: { "retry-after": String(retryAfterSeconds) },
  });

/**
 * Who follows the event stream, and how often. `take` gives what gives the place back, to be called once, or a Problem 429 when the user, or everybody
 * together, has as many as `limits` allows.
 */
export function createStreamPlaces(limits: { perUser: number; inAll: number }): { take(userId: string): (() => void) | Problem } {
  const taken = new Map<string, number>();
  let inAll = 0;
  return {
    take: (userId) => {
      const own = taken.get(userId) ?? 0;
      if (own >= limits.perUser) return full("you have", limits.perUser, "close one, or ask again");
      if (inAll >= limits.inAll) return full("all users together have", limits.inAll, "ask again");
      taken.set(userId, own + 1);
      inAll += 1;
      return () => {
        inAll -= 1;
        const left = (taken.get(userId) ?? 0) - 1;
        if (left > 0) taken.set(userId, left);
        else taken.delete(userId);
      };
    },
  };
}
