/** What the data page says in words of the mirror and of the served snapshot. */
import type { HealthAnswer } from "@kehu/semantic";
import { m } from "#lib/paraglide/messages.js";

/** Seconds with one decimal; null when the build does not say when it began. */
export const buildSeconds = ({ startedAt, finishedAt }: HealthAnswer["builds"][number]): string | null =>
  startedAt === null ? null : (Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1000).toFixed(1);

const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `bytesText(1_572_864)` is `1.5 MiB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? "B"}`;
}

const reasons: Readonly<Record<string, () => string>> = {
  "order without lines": m.quarantine_no_lines,
  "product of a line is missing": m.quarantine_no_product,
  "customer is missing": m.quarantine_no_customer,
  "closed before created": m.quarantine_closed_early,
  "closed without a time": m.quarantine_closed_when,
  "stage is not in its pipeline": m.quarantine_stage,
  "no stage was ever entered": m.quarantine_no_stage,
  "department lies in a cycle": m.quarantine_cycle,
  "department or employee is missing": m.quarantine_no_owner,
  "dated before the months of figures": m.quarantine_too_early,
};
const noRate = "no exchange rate for ";

const noLines = "order without lines";

/** Whether the page of records shows a record that is kept aside for this reason: orders are listed by their lines. */
export const isListed = (reason: string): boolean => reason !== noLines;

/** A reason in the reader's language; one that this portal does not know is shown as the models say it. */
export const reasonTitle = (reason: string): string =>
  reason.startsWith(noRate) ? m.quarantine_no_rate({ currency: reason.slice(noRate.length) }) : (reasons[reason]?.() ?? reason);

const states: Readonly<Record<string, () => string>> = {
  reserved: m.slot_reserved,
  extended: m.slot_extended,
  unreserved: m.slot_unreserved,
  lost: m.slot_lost,
};

/** Postgres's `wal_status` in words. */
export const slotTitle = (status: string | null): string => (status === null ? m.slot_unknown() : (states[status]?.() ?? status));
