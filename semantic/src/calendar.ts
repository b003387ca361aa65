/** Relative date ranges in words ("last 3 months", "this fiscal year") by the company's clock, week and fiscal year. */
import { parseDateWords } from "./cube.ts";
import type { WeekStart } from "./dialect.ts";

export interface CompanyCalendar {
  clock: () => Date;
  weekStart: WeekStart;
  /** `MM-DD`. Only ranges that say "fiscal" use it: "this year" is the calendar's. */
  fiscalYearStart: string;
}

type Unit = "second" | "minute" | "hour" | "day" | "week" | "month" | "quarter" | "year" | "fiscal year" | "fiscal quarter";

const unitPattern = "(fiscal\\s+year|fiscal\\s+quarter|day|week|month|year|quarter|hour|minute|second)s?";
const single = new RegExp(`^(this|last|next)\\s+${unitPattern}$`);
const several = new RegExp(`^(last|next)\\s+(\\d{1,4})\\s+${unitPattern}$`);
const milliseconds = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const days: Record<string, number> = { today: 0, yesterday: -1, tomorrow: 1 };

/** The wall clock of a zone as a Date whose UTC fields read the local time; so a range needs no zone arithmetic. */
const wallClock = (instant: Date, timezone: string): Date => {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(instant);
  const field = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
  return new Date(Date.UTC(field("year"), field("month") - 1, field("day"), field("hour"), field("minute"), field("second")));
};

const startOf = (unit: Unit, local: Date, calendar: CompanyCalendar): Date => {
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  switch (unit) {
    case "second":
    case "minute":
    case "hour":
    case "day":
      return new Date(Math.floor(local.getTime() / milliseconds[unit]) * milliseconds[unit]);
    case "week": {
      const sinceStart = (local.getUTCDay() + (calendar.weekStart === "monday" ? 6 : 0)) % 7;
      return new Date(Date.UTC(year, month, day - sinceStart));
    }
    case "month":
      return new Date(Date.UTC(year, month, 1));
    case "quarter":
      return new Date(Date.UTC(year, month - (month % 3), 1));
    case "year":
      return new Date(Date.UTC(year, 0, 1));
    case "fiscal year":
    case "fiscal quarter": {
      const [startMonth, startDay] = calendar.fiscalYearStart.split("-").map(Number) as [number, number];
      let start = new Date(Date.UTC(year - 1, startMonth - 1, startDay));
      for (let next = start; next <= local; next = add(unit, next, 1)) start = next;
      return start;
    }
  }
};

const add = (unit: Unit, local: Date, count: number): Date => {
  const moved = new Date(local);
  switch (unit) {
    case "second":
    case "minute":
    case "hour":
    case "day":
      return new Date(local.getTime() + count * milliseconds[unit]);
    case "week":
      return new Date(local.getTime() + count * 7 * milliseconds.day);
    case "month":
      moved.setUTCMonth(moved.getUTCMonth() + count);
      return moved;
    case "quarter":
    case "fiscal quarter":
      moved.setUTCMonth(moved.getUTCMonth() + 3 * count);
      return moved;
    case "year":
    case "fiscal year":
      moved.setUTCFullYear(moved.getUTCFullYear() + count);
      return moved;
  }
};

const text = (local: Date): string => local.toISOString().slice(0, -1);

/**
 * A range in words as local start and end (`YYYY-MM-DDTHH:mm:ss.SSS`, both inclusive, as Cube has them).
 * "last 3 months" ends before the current month, as in Cube. Throws Cube's "Can't parse date" for anything else.
 */
export const resolveRange = (words: string, timezone: string, calendar: CompanyCalendar): [string, string] => {
  const phrase = words.trim().toLowerCase().replace(/\s+/g, " ");
  const now = wallClock(calendar.clock(), timezone);
  const range = (unit: Unit, first: number, last: number): [string, string] => {
    const start = startOf(unit, now, calendar);
    return [text(add(unit, start, first)), text(new Date(add(unit, start, last + 1).getTime() - 1))];
  };

  if (phrase in days) return range("day", days[phrase]!, days[phrase]!);
  const one = single.exec(phrase);
  if (one) {
    const offset = one[1] === "this" ? 0 : one[1] === "last" ? -1 : 1;
    return range(one[2] as Unit, offset, offset);
  }
  const many = several.exec(phrase);
  if (many) {
    const count = Number(many[2]);
    return many[1] === "last" ? range(many[3] as Unit, -count, -1) : range(many[3] as Unit, 1, count);
  }
  const between = /^from (.{1,50}) to (.{1,50})$/.exec(phrase);
  if (between) return [resolveRange(between[1]!, timezone, calendar)[0], resolveRange(between[2]!, timezone, calendar)[1]];
  return parseDateWords(phrase, timezone, calendar.clock());
};
