import type { DemoCalendar } from "./calendar.ts";
import type { Random } from "./random.ts";

/** Yuan for one unit, around which the rates wander. */
const yuanFor: Readonly<Record<string, number>> = { CNY: 1, USD: 7.12, EUR: 7.74 };

export interface Rates {
  company: string;
  /** The currency of customers who do not pay in the company's. */
  foreign: string;
  /** What a price in yuan is multiplied by to be one in the company currency. */
  priceScale: number;
  rows: readonly { currency: string; rate: number; validOn: string; from: number }[];
  /** Units of company currency for one unit of `currency` on the day of `at`, 4 places. */
  at(currency: string, at: number): number;
}

/** One rate per currency and month. A company currency other than CNY, USD or EUR is taken as worth one yuan. */
export function exchangeRates(random: Random, calendar: DemoCalendar, company: string): Rates {
  const base = yuanFor[company] ?? 1;
  const currencies = Object.keys(yuanFor).filter((currency) => currency !== company);
  const last = calendar.monthOf(calendar.until);
  const series = new Map<string, number[]>();
  for (const currency of currencies) {
    let rate = yuanFor[currency]! / base;
    const rates: number[] = [];
    for (let month = 0; month <= last; month++) {
      rate *= 1 + (random.next() - 0.5) * 0.016;
      rates.push(Math.round(rate * 10_000) / 10_000);
    }
    series.set(currency, rates);
  }
  return {
    company,
    foreign: company === "USD" ? "EUR" : "USD",
    priceScale: 1 / base,
    rows: [...series].flatMap(([currency, rates]) =>
      rates.map((rate, month) => {
        const validOn = calendar.firstOfMonth(month);
        return { currency, rate, validOn, from: Date.parse(`${validOn}T00:00:00Z`) };
      }),
    ),
    at: (currency, at) => (currency === company ? 1 : series.get(currency)![calendar.monthOf(at)]!),
  };
}
