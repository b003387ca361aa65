import { entities } from "@kehu/operational-api/definitions";
import type { Locale } from "#lib/locale.ts";

/** What the page's address may hold; `from` and `to` are days, both included. */
export const auditFilterNames = ["actor", "action", "entity", "record_id", "field", "from", "to", "ip"] as const;
export type AuditFilters = Partial<Record<(typeof auditFilterNames)[number], string>>;

export function readAuditFilters(search: URLSearchParams): AuditFilters {
  const given = auditFilterNames.flatMap((name) => {
    const value = search.get(name)?.trim();
    return value ? [[name, value] as const] : [];
  });
  return Object.fromEntries(given);
}

const day = /^\d{4}-\d{2}-\d{2}$/;

/** The instant at which a day begins in the zone: `dayStart("2026-11-22", "Asia/Shanghai")` is `2026-11-21T16:00:00.000Z`. */
export function dayStart(date: string, timeZone: string): string {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const offsetAt = (at: number): number => {
    const parts = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short", timeStyle: "medium", hourCycle: "h23" }).formatToParts(
      at,
    );
    const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? "";
    return (
      Date.parse(`${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}Z`) -
      Math.floor(at / 1000) * 1000
    );
  };
  // The offset of the guess may be that of the other side of a change of clocks; that of the result decides.
  const guess = midnight - offsetAt(midnight);
  return new Date(midnight - offsetAt(guess)).toISOString();
}

const dayAfter = (date: string): string => new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

/** The filters as the API takes them. A text that is no day is left for the API to refuse. */
export function asApiFilters({ from, to, ...others }: AuditFilters, timeZone: string): Record<string, string> {
  const start = (date: string, ofDay: (date: string) => string): string => (day.test(date) ? dayStart(ofDay(date), timeZone) : date);
  return { ...others, ...(from && { from: start(from, (date) => date) }), ...(to && { to: start(to, dayAfter) }) };
}

/** Titles of entities and their columns, as their definitions say them. What has none is shown by its name. */
export function auditTitles(locale: Locale): { entities: Record<string, string>; columns: Record<string, Record<string, string>> } {
  const said = ({ zh, en }: { zh: string; en: string }): string => (locale === "en" ? en : zh);
  return {
    entities: Object.fromEntries(entities.map(({ name, label }) => [name, said(label)])),
    columns: Object.fromEntries(
      entities.map(({ name, columns }) => [
        name,
        Object.fromEntries(Object.entries(columns).map(([column, { label }]) => [column, said(label)])),
      ]),
    ),
  };
}
