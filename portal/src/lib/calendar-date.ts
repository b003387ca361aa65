/** Arithmetic on calendar dates written "2026-11-22". No time zone is involved. */
export type CalendarDate = string;

const dayMs = 86_400_000;
const pattern = /^(\d{4})-(\d{2})-(\d{2})$/;

const toMs = (date: CalendarDate): number => Date.parse(`${date}T00:00:00Z`);
const fromMs = (ms: number): CalendarDate => new Date(ms).toISOString().slice(0, 10);

export function isCalendarDate(text: string | null | undefined): text is CalendarDate {
  if (!text || !pattern.test(text)) return false;
  const ms = toMs(text);
  return !Number.isNaN(ms) && fromMs(ms) === text;
}

export const addDays = (date: CalendarDate, days: number): CalendarDate => fromMs(toMs(date) + days * dayMs);

/** Days from `from` to `to`, both counted. */
export const daysBetween = (from: CalendarDate, to: CalendarDate): number => Math.round((toMs(to) - toMs(from)) / dayMs) + 1;

/** The same day `months` later, or the last day of that month where it has no such day (2026-03-31 - 1 month = 2026-02-28). */
export function addMonths(date: CalendarDate, months: number): CalendarDate {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(day, last));
  return first.toISOString().slice(0, 10);
}

export const startOfMonth = (date: CalendarDate): CalendarDate => `${date.slice(0, 8)}01`;
export const endOfMonth = (date: CalendarDate): CalendarDate => addDays(addMonths(startOfMonth(date), 1), -1);

/** The date on the wall calendar of `timeZone` at `moment`. */
export const dateIn = (timeZone: string, moment: Date): CalendarDate => moment.toLocaleDateString("sv-SE", { timeZone });
