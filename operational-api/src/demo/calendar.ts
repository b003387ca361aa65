import type { Random } from "./random.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** Order activity of each month relative to the year's mean; the Spring Festival dip comes on top. */
const seasons = [0.92, 0.9, 1.12, 1.02, 1.0, 1.08, 0.93, 0.95, 1.1, 0.98, 1.08, 1.16];
/** Relative business of each hour of the day, local time. */
const hours = [0, 0, 0, 0, 0, 0, 0.01, 0.06, 0.5, 1, 1.1, 0.8, 0.25, 0.5, 1, 1.1, 0.9, 0.6, 0.2, 0.12, 0.08, 0.04, 0.02, 0.01];

/** Days before and after the Spring Festival on which business is slow. */
const aroundNewYear = Array.from({ length: 30 }, (_, index) => index - 12);

export interface DemoCalendar {
  /** First instant of orders and opportunities: midnight of a first of month, `years` before `until`. Customers may be a year older. */
  start: number;
  until: number;
  /** Day number of an instant; day 0 is a year before `start`. Instants outside are clamped. */
  dayOf(at: number): number;
  dateOf(at: number): string;
  /** Month number, counted from the month of day 0. */
  monthOf(at: number): number;
  /** First day of a month number, `2026-11-01`; months after `until` too. */
  firstOfMonth(month: number): string;
  /** How much of the month's usual business is over at `until`, in (0, 1]. */
  elapsed(month: number): number;
  /** Business days' worth of a whole month, holidays and season counted; months after `until` too. */
  businessOf(month: number): number;
  /** An instant in [from, to], busy days and hours more often. `lastYear` multiplies the weight of the last 365 days. */
  sample(random: Random, from: number, to: number, lastYear?: number): number;
  /** The business instant about `days` after `from`, on a workday with few exceptions; Infinity when that lies after `until`. */
  after(random: Random, from: number, days: number): number;
}

/** Local midnight of `date`, exact for zones whose offset changes: the offset is read at the guess and once more at the result. */
function midnight(date: string, offsetAt: (at: number) => number): number {
  const utc = Date.parse(`${date}T00:00:00Z`);
  return utc - offsetAt(utc - offsetAt(utc));
}

function offsets(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, timeZoneName: "longOffset" });
  return (at) => {
    const name = format.formatToParts(at).find((part) => part.type === "timeZoneName")!.value;
    const [, sign, hour, minutes] = /GMT([+-])(\d+):?(\d+)?/.exec(name) ?? [];
    return sign ? (sign === "-" ? -1 : 1) * (Number(hour) * 60 + Number(minutes ?? 0)) * minute : 0;
  };
}

/** Month and day of the Chinese lunar calendar by date: `1-1` is the Spring Festival. Each date is asked once, Intl is slow. */
function lunarCalendar(): (at: number) => string {
  const format = new Intl.DateTimeFormat("en-US-u-ca-chinese", { timeZone: "UTC", month: "numeric", day: "numeric" });
  const known = new Map<number, string>();
  return (at) => {
    const found = known.get(at);
    if (found) return found;
    const parts = format.formatToParts(at);
    const text = `${parts.find((part) => part.type === "month")!.value}-${parts.find((part) => part.type === "day")!.value}`;
    known.set(at, text);
    return text;
  };
}

/** How much business a date sees: weekday, public holidays of the solar and the lunar calendar, season. */
function weightOf(date: string, lunar: (at: number) => string): number {
  const at = Date.parse(`${date}T12:00:00Z`);
  const weekday = new Date(at).getUTCDay();
  const monthDay = date.slice(5);
  let weight = weekday === 0 ? 0.1 : weekday === 6 ? 0.22 : 1;
  // Spring Festival: shut from New Year's Eve to the seventh day, slow for ten days on either side.
  const sinceNewYear = aroundNewYear.find((shift) => lunar(at - shift * day) === "1-1");
  if (sinceNewYear !== undefined) weight *= sinceNewYear >= -1 && sinceNewYear <= 7 ? 0.03 : sinceNewYear < -1 ? 0.55 : 0.6;
  if (monthDay >= "10-01" && monthDay <= "10-07") weight *= 0.06;
  if ((monthDay >= "05-01" && monthDay <= "05-04") || monthDay === "01-01" || monthDay === "04-05") weight *= 0.08;
  if (["5-5", "8-15"].includes(lunar(at))) weight *= 0.08;
  return weight * seasons[Number(date.slice(5, 7)) - 1]!;
}

/** Timezone is an IANA name; `until` bounds everything that happens. */
export function demoCalendar(until: Date, years: number, timezone: string): DemoCalendar {
  const offsetAt = offsets(timezone);
  const lunar = lunarCalendar();
  const end = until.getTime();
  const localDate = (at: number): string => new Date(at + offsetAt(at)).toISOString().slice(0, 10);
  const lastDate = localDate(end);
  const startDate = `${Number(lastDate.slice(0, 4)) - years}-${lastDate.slice(5, 7)}-01`;
  const firstDate = `${Number(startDate.slice(0, 4)) - 1}${startDate.slice(4)}`;
  const zero = Date.parse(`${firstDate}T00:00:00Z`);
  const count = Math.round((Date.parse(`${lastDate}T00:00:00Z`) - zero) / day) + 1;
  const dates = Array.from({ length: count }, (_, index) => new Date(zero + index * day).toISOString().slice(0, 10));
  const starts = dates.map((date) => midnight(date, offsetAt));
  const firstYear = Number(firstDate.slice(0, 4));
  const firstMonth = Number(firstDate.slice(5, 7)) - 1;
  const monthNumber = (date: string): number => (Number(date.slice(0, 4)) - firstYear) * 12 + Number(date.slice(5, 7)) - 1 - firstMonth;
  const hourShare = (fraction: number): number => {
    const total = hours.reduce((sum, weight) => sum + weight, 0);
    return hours.reduce((sum, weight, hour) => sum + weight * Math.min(1, Math.max(0, fraction * 24 - hour)), 0) / total;
  };
  const whole = dates.map((date) => weightOf(date, lunar));
  const lastShare = hourShare((end - starts[count - 1]!) / day);
  const cumulate = (weights: readonly number[]): Float64Array => {
    const sums = new Float64Array(weights.length + 1);
    weights.forEach((weight, index) => (sums[index + 1] = sums[index]! + weight));
    return sums;
  };
  const effective = whole.map((weight, index) => weight * (index === count - 1 ? lastShare : 1));
  const byBoost = new Map<number, Float64Array>();
  const cumulativeFor = (boost: number): Float64Array => {
    const known = byBoost.get(boost);
    if (known) return known;
    const made = cumulate(effective.map((weight, index) => (index >= count - 365 ? weight * boost : weight)));
    byBoost.set(boost, made);
    return made;
  };
  const dayOf = (at: number): number => {
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const dayEnd = (index: number): number => Math.min(end, (starts[index + 1] ?? starts[index]! + day) - 1);
  const timeOfDay = (random: Random): number => random.weighted(hours) * 60 * minute + Math.floor(random.next() * 60 * minute);
  /** A time on day `index` within [from, to]: by the hours' weights when they hit it, else anywhere in it. */
  const within = (random: Random, index: number, from: number, to: number): number => {
    const low = Math.max(from, starts[index]!);
    const high = Math.min(to, dayEnd(index));
    for (let attempt = 0; attempt < 6; attempt++) {
      const at = starts[index]! + timeOfDay(random);
      if (at >= low && at <= high) return at;
    }
    return low + Math.floor(random.next() * Math.max(0, high - low));
  };
  const firstOfMonth = (month: number): string => new Date(Date.UTC(firstYear, firstMonth + month, 1)).toISOString().slice(0, 10);
  const lastMonth = monthNumber(lastDate);
  const sumOfMonth = (month: number, weigh: (date: string) => number): number => {
    let sum = 0;
    const end = Date.parse(firstOfMonth(month + 1));
    for (let at = Date.parse(firstOfMonth(month)); at < end; at += day) sum += weigh(new Date(at).toISOString().slice(0, 10));
    return sum;
  };
  const months = new Map<number, number>();
  const businessOf = (month: number): number => {
    const known = months.get(month) ?? sumOfMonth(month, (date) => weightOf(date, lunar));
    months.set(month, known);
    return known;
  };
  const lastMonthSoFar = sumOfMonth(lastMonth, (date) =>
    date > lastDate ? 0 : weightOf(date, lunar) * (date === lastDate ? lastShare : 1),
  );

  return {
    start: midnight(startDate, offsetAt),
    until: end,
    dayOf,
    // Intl is slow, and most that is asked for lies within.
    dateOf: (at) => (at >= starts[0]! && at <= end ? dates[dayOf(at)]! : localDate(at)),
    monthOf: (at) => monthNumber(dates[dayOf(at)]!),
    firstOfMonth,
    businessOf,
    elapsed: (month) => (month === lastMonth ? Math.max(0.01, lastMonthSoFar / businessOf(month)) : 1),
    sample(random, from, to, lastYear = 1) {
      const cumulative = cumulativeFor(lastYear);
      const low = cumulative[dayOf(from)]!;
      const high = cumulative[dayOf(to) + 1]!;
      const target = low + random.next() * (high - low);
      let first = dayOf(from);
      let last = dayOf(to);
      while (first < last) {
        const middle = (first + last) >> 1;
        if (cumulative[middle + 1]! > target) last = middle;
        else first = middle + 1;
      }
      return within(random, first, from, to);
    },
    after(random, from, days) {
      const raw = from + days * day;
      if (raw > end) return Infinity;
      let index = dayOf(raw);
      // Nobody signs on a holiday; a few work on a Saturday.
      while (index < count && whole[index]! < 0.5 && !random.chance(whole[index]! * 0.2)) index++;
      if (index >= count) return Infinity;
      const at = Math.max(from + minute, starts[index]! + timeOfDay(random));
      return at > end ? Infinity : at;
    },
  };
}
