import { parseDecimal, rescale, toText, type Decimal } from "#lib/decimal.ts";
import type { Locale } from "#lib/locale.ts";

/** How a figure is written. `money`, `number` and `count` are shortened by `formatShort`; `percent` takes a ratio (0.5 = 50.0%). */
export type Format = "money" | "number" | "count" | "percent" | "days" | "text" | "date" | "instant";

/** Shown where there is no value; the reason belongs beside it, in a title. */
export const missing = "–";

const steps: Record<Locale, readonly { power: number; unit: string }[]> = {
  "zh-CN": [
    { power: 8, unit: "亿" },
    { power: 4, unit: "万" },
  ],
  en: [
    { power: 9, unit: "B" },
    { power: 6, unit: "M" },
    { power: 3, unit: "K" },
  ],
};

const mostPlaces = 4;
const places: Partial<Record<Format, number>> = { money: 2, count: 0, days: 1 };

function grouped(value: Decimal): string {
  const [whole = "0", fraction] = toText(value).split(".");
  const withCommas = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? withCommas : `${withCommas}.${fraction}`;
}

const trimZeros = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** A ratio as a percentage with one decimal: "0.1234" -> "12.3%". */
export function formatPercent(value: string | number | null | undefined): string {
  const ratio = parseDecimal(value);
  if (!ratio) return missing;
  return `${grouped(rescale({ units: ratio.units * 100n, scale: ratio.scale }, 1))}%`;
}

/** The full value: "1234567.50" -> "1,234,567.50". Of plain numbers four places, which every quantity has room in; what is longer is a ratio of two. */
export function formatFull(value: string | number | null | undefined, format: Format): string {
  if (format === "text") return value === null || value === undefined || value === "" ? missing : String(value);
  if (format === "date") return value ? String(value).slice(0, 10) : missing;
  if (format === "percent") return formatPercent(value);
  const number = parseDecimal(value);
  if (!number) return missing;
  const fixed = places[format];
  return fixed === undefined ? trimZeros(grouped(rescale(number, Math.min(number.scale, mostPlaces)))) : grouped(rescale(number, fixed));
}

/** People count to a million without help: smaller counts stay whole. */
const wholeCounts = 1_000_000n;

/** The value for a narrow place: 万 and 亿 with two decimals in Chinese, K, M and B in English; small values stay whole. */
export function formatShort(value: string | number | null | undefined, format: Format, locale: Locale): string {
  if (format !== "money" && format !== "number" && format !== "count") return formatFull(value, format);
  const number = parseDecimal(value);
  if (!number) return missing;
  const size = number.units < 0n ? -number.units : number.units;
  if (format === "count" && size < wholeCounts * 10n ** BigInt(number.scale)) return formatFull(value, format);
  for (const { power, unit } of steps[locale]) {
    if (size >= 10n ** BigInt(power + number.scale)) {
      return grouped(rescale({ units: number.units, scale: number.scale + power }, 2)) + unit;
    }
  }
  return formatFull(value, format);
}

/** A value on an axis: as short as it gets, "2,000.00万" being "2,000万". */
export const formatTick = (value: number, format: Format, locale: Locale): string =>
  formatShort(value, format, locale).replace(/\.(\d*?)0+(?=\D*$)/, (_, digits: string) => (digits ? `.${digits}` : ""));

/** "¥" for money, "%" for ratios, "days" for days; null where a value is a plain number or no number. */
export function unitOf(format: Format, { currency, locale }: { currency: string; locale: Locale }): string | null {
  if (format === "percent") return "%";
  if (format === "days") return locale === "en" ? "days" : "天";
  if (format !== "money") return null;
  const parts = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).formatToParts(0);
  return parts.find(({ type }) => type === "currency")?.value ?? currency;
}

/** A column's heading with the unit of its values: "Order amount (¥)". A title that names its unit already stays as it is. */
export function titleWithUnit(title: string, format: Format, company: { currency: string; locale: Locale }): string {
  const unit = unitOf(format, company);
  if (unit === null || (format === "days" && /天|日|days/i.test(title))) return title;
  return company.locale === "en" ? `${title} (${unit})` : `${title}（${unit}）`;
}

/** A moment in the company's zone: "2026-11-22 16:05". */
export function formatInstant(value: string | null | undefined, timeZone: string): string {
  if (!value) return missing;
  const moment = new Date(value);
  if (Number.isNaN(moment.getTime())) return missing;
  // sv-SE writes ISO dates
  return moment.toLocaleString("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
}
