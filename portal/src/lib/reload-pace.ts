/** The longest a page that was reloaded waits before it is reloaded again. */
const longestRestMs = 5_000;
/** Tabs and people spread their questions over this long at most, so that a publish is not answered by everybody at once. */
const longestSpreadMs = 1_000;

/**
 * How a page paces its reloads by what the last one cost, in milliseconds: `restMs` from its beginning to the next, and a random moment of `spreadMs` on top.
 * While answers come at once a page follows every publish; when they take longer, because many ask, all of them ask less often.
 */
export const reloadPace = (lastTookMs: number): { restMs: number; spreadMs: number } => ({
  restMs: Math.min(longestRestMs, 10 * lastTookMs),
  spreadMs: Math.min(longestSpreadMs, 5 * lastTookMs),
});
