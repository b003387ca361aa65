import { m } from "#lib/paraglide/messages.js";
import type { DateRange, Period, PeriodName } from "#lib/period.ts";

const titles: Record<PeriodName, () => string> = {
  "this-month": m.period_this_month,
  "last-month": m.period_last_month,
  "this-quarter": m.period_this_quarter,
  "last-quarter": m.period_last_quarter,
  "this-year": m.period_this_year,
  "last-year": m.period_last_year,
  all: m.period_all,
  custom: m.period_custom,
};

export const periodTitle = (name: PeriodName): string => titles[name]();

/** Both ends, as shown: "2026-11-01 至 2026-11-30". */
export const rangeTitle = (range: DateRange | null): string =>
  range ? m.period_range({ from: range.from, to: range.to }) : m.period_all();

/** The sentence under a page's title: what is covered, and how it is compared. */
export function coverageTitle(period: Period): string {
  const range = rangeTitle(period.range);
  return period.isPartial && period.elapsed ? `${range} · ${m.period_partial({ date: period.elapsed.to })}` : range;
}
