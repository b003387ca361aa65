/** The calendar day of an instant in the company's zone: `2026-11-22`. */
export function companyDay(instant: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(instant);
}

/** Milliseconds from `instant` to the first instant of the company's next day. */
export function untilMidnight(instant: Date, timeZone: string): number {
  const today = companyDay(instant, timeZone);
  // A day has 23 to 25 hours: the change lies within the next 26, found by halving.
  let before = instant.getTime();
  let after = before + 26 * 3_600_000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (companyDay(new Date(middle), timeZone) === today) before = middle;
    else after = middle;
  }
  return after - instant.getTime();
}
