const pattern = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:[Zz]|([+-])(\d{2})(?::?(\d{2}))?)$/;

const firstMs = Date.parse("0001-01-01T00:00:00Z");
const lastMs = Date.parse("9999-12-31T23:59:59Z");

/**
 * The one spelling of an instant: RFC 3339 in UTC, up to microseconds, no trailing zeros: `2024-06-01T04:00:00.12Z`.
 * Takes RFC 3339 with any offset and Postgres's text (`2024-06-01 04:00:00.12+00`). Null when it is no instant, or in UTC not in the years 1 to 9999.
 */
export const canonicalInstant = (text: string): string | null => {
  const found = pattern.exec(text);
  if (!found) return null;
  const [, day, time, fraction = "", sign, hours = "00", minutes = "00"] = found;
  const local = new Date(`${day}T${time}Z`);
  if (Number.isNaN(local.getTime()) || local.toISOString().slice(0, 10) !== day) return null;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  const utc = offset === 0 ? local : new Date(local.getTime() - offset * 60_000);
  if (utc.getTime() < firstMs || utc.getTime() > lastMs) return null;
  const places = fraction.replace(/0+$/, "");
  return `${utc.toISOString().slice(0, 19)}${places ? `.${places}` : ""}Z`;
};

/** The calendar day of an instant in a time zone, `2024-06-01`. */
export const dayIn = (timezone: string, instant: string): string => {
  let format = dayFormats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, year: "numeric", month: "2-digit", day: "2-digit" });
    dayFormats.set(timezone, format);
  }
  return format.format(new Date(instant));
};

const dayFormats = new Map<string, Intl.DateTimeFormat>();

/** Order of two canonical instants, microseconds included. */
export const compareInstants = (left: string, right: string): number => {
  const seconds = left.slice(0, 19).localeCompare(right.slice(0, 19), "en");
  if (seconds !== 0) return seconds;
  const micros = (text: string): number => Number((/\.(\d+)Z$/.exec(text)?.[1] ?? "").padEnd(6, "0"));
  return micros(left) - micros(right);
};
