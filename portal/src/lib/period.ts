import { addDays, addMonths, daysBetween, endOfMonth, isCalendarDate, startOfMonth, type CalendarDate } from "#lib/calendar-date.ts";

export const periodNames = ["this-month", "last-month", "this-quarter", "last-quarter", "this-year", "last-year", "all", "custom"] as const;
export type PeriodName = (typeof periodNames)[number];

/** Both ends are included. */
export interface DateRange {
  from: CalendarDate;
  to: CalendarDate;
}

export interface Period {
  name: PeriodName;
  /** Null for "all": no restriction. */
  range: DateRange | null;
  /** The range cut at today while the period is running: what the figures cover, and what earlier windows are as long as. */
  elapsed: DateRange | null;
  /** The same days one year before (同比). */
  yearAgo: DateRange | null;
  /** The same days of the period before (环比); null for years, where it would repeat the year before. */
  before: DateRange | null;
  /** True while the period is running, so that comparisons take the same days only. */
  isPartial: boolean;
  /** Days gone and days in all, for the pace against a target; null without a range. */
  pace: { gone: number; total: number } | null;
}

/** What the company calls a year; `fiscalYearStart` is "MM-DD". */
export interface CompanyCalendar {
  today: CalendarDate;
  fiscalYearStart: string;
}

function fiscalYearStarting({ today, fiscalYearStart }: CompanyCalendar): CalendarDate {
  const thisYears = `${today.slice(0, 4)}-${fiscalYearStart}`;
  return thisYears <= today ? thisYears : addMonths(thisYears, -12);
}

/** The first day of the fiscal quarter that holds today. */
function quarterStarting(company: CompanyCalendar): CalendarDate {
  let start = fiscalYearStarting(company);
  for (let next = addMonths(start, 3); next <= company.today; next = addMonths(start, 3)) start = next;
  return start;
}

const months = (from: CalendarDate, count: number): DateRange => ({ from, to: addDays(addMonths(from, count), -1) });

/** How many whole months a period and the one before it span; custom ranges have no such length. */
const lengths: Partial<Record<PeriodName, number>> = {
  "this-month": 1,
  "last-month": 1,
  "this-quarter": 3,
  "last-quarter": 3,
  "this-year": 12,
  "last-year": 12,
};

function rangeOf(name: PeriodName, company: CompanyCalendar, custom: DateRange | null): DateRange | null {
  switch (name) {
    case "this-month":
      return months(startOfMonth(company.today), 1);
    case "last-month":
      return months(addMonths(startOfMonth(company.today), -1), 1);
    case "this-quarter":
      return months(quarterStarting(company), 3);
    case "last-quarter":
      return months(addMonths(quarterStarting(company), -3), 3);
    case "this-year":
      return months(fiscalYearStarting(company), 12);
    case "last-year":
      return months(addMonths(fiscalYearStarting(company), -12), 12);
    case "all":
      return null;
    case "custom":
      return custom;
  }
}

/** `range` moved by whole months. A range that ends with a month still does afterwards, so that February is compared with all of January. */
function shiftMonths(range: DateRange, count: number): DateRange {
  const from = addMonths(range.from, count);
  const to = addMonths(range.to, count);
  const endsMonth = range.to === endOfMonth(range.to) && range.from === startOfMonth(range.from);
  return { from, to: endsMonth ? endOfMonth(to) : to };
}

export function resolvePeriod(name: PeriodName, company: CompanyCalendar, custom: DateRange | null = null): Period {
  const range = rangeOf(name, company, custom);
  if (!range) return { name, range: null, elapsed: null, yearAgo: null, before: null, isPartial: false, pace: null };
  const isPartial = range.from <= company.today && company.today < range.to;
  const elapsed = isPartial ? { from: range.from, to: company.today } : range;
  const length = lengths[name];
  const yearAgo = shiftMonths(elapsed, -12);
  const before = length
    ? length === 12
      ? null
      : shiftMonths(elapsed, -length)
    : { from: addDays(elapsed.from, -daysBetween(elapsed.from, elapsed.to)), to: addDays(elapsed.from, -1) };
  const total = daysBetween(range.from, range.to);
  const gone = company.today < range.from ? 0 : daysBetween(range.from, elapsed.to);
  return { name, range, elapsed, yearAgo, before, isPartial, pace: { gone, total } };
}

/** What the URL says about the period: `?period=last-month`, or `?from=2026-01-01&to=2026-03-31`. Anything else is the default. */
export function periodFromUrl(search: URLSearchParams, company: CompanyCalendar, fallback: PeriodName): Period {
  const from = search.get("from");
  const to = search.get("to");
  if (isCalendarDate(from) && isCalendarDate(to) && from <= to) return resolvePeriod("custom", company, { from, to });
  const name = periodNames.find((known) => known === search.get("period") && known !== "custom");
  return resolvePeriod(name ?? fallback, company);
}
