/** An instant as the company's clocks show it: `2026-11-22 09:30`. */
export function momentIn(timezone: string, instant: string): string {
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "short" });
  return parts.format(new Date(instant));
}

/** The company's day of an instant: `2026-11-22`. */
export const dayIn = (timezone: string, instant: string): string => momentIn(timezone, instant).slice(0, 10);
