import { PyError } from "./values.ts";

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const dayMs = 86_400_000;

interface ZoneParts {
  name: string;
  /** Milliseconds before UTC; null for a naive time. */
  offset: number | null;
  microseconds: number;
}

const pad = (number: number, width = 2): string => String(number).padStart(width, "0");

/** Python's `strftime` in the C locale; `local` is the wall clock read as UTC milliseconds. */
export function formatTime(local: number, format: string, zone: ZoneParts): string {
  const date = new Date(local);
  const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1);
  const dayOfYear = Math.floor((local - yearStart) / dayMs) + 1;
  const codes: Record<string, () => string> = {
    Y: () => pad(date.getUTCFullYear(), 4),
    y: () => pad(date.getUTCFullYear() % 100),
    m: () => pad(date.getUTCMonth() + 1),
    d: () => pad(date.getUTCDate()),
    H: () => pad(date.getUTCHours()),
    I: () => pad(date.getUTCHours() % 12 || 12),
    M: () => pad(date.getUTCMinutes()),
    S: () => pad(date.getUTCSeconds()),
    f: () => pad(zone.microseconds, 6),
    p: () => (date.getUTCHours() < 12 ? "AM" : "PM"),
    A: () => days[date.getUTCDay()] ?? "",
    a: () => (days[date.getUTCDay()] ?? "").slice(0, 3),
    B: () => months[date.getUTCMonth()] ?? "",
    b: () => (months[date.getUTCMonth()] ?? "").slice(0, 3),
    j: () => pad(dayOfYear, 3),
    w: () => String(date.getUTCDay()),
    u: () => String(date.getUTCDay() || 7),
    U: () => pad(Math.floor((dayOfYear + 6 - date.getUTCDay()) / 7)),
    W: () => pad(Math.floor((dayOfYear + 6 - ((date.getUTCDay() + 6) % 7)) / 7)),
    G: () => pad(isoWeek(local).year, 4),
    V: () => pad(isoWeek(local).week),
    z: () => (zone.offset === null ? "" : offsetText(zone.offset)),
    Z: () => zone.name,
    F: () => formatTime(local, "%Y-%m-%d", zone),
    T: () => formatTime(local, "%H:%M:%S", zone),
    D: () => formatTime(local, "%m/%d/%y", zone),
    R: () => formatTime(local, "%H:%M", zone),
    c: () => formatTime(local, "%a %b %d %H:%M:%S %Y", zone),
    x: () => formatTime(local, "%m/%d/%y", zone),
    X: () => formatTime(local, "%H:%M:%S", zone),
    s: () => String(Math.floor((local - (zone.offset ?? 0)) / 1000)),
    "%": () => "%",
  };
  return format.replace(/%(-?)([a-zA-Z%])/g, (all, bare: string, code: string) => {
    const text = codes[code]?.();
    if (text === undefined) return all;
    return bare === "-" ? text.replace(/^0+(?=\d)/, "") : text;
  });
}

function offsetText(offset: number): string {
  const minutes = Math.abs(Math.round(offset / 60_000));
  return `${offset < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}${pad(minutes % 60)}`;
}

/** The ISO year and week that a day lies in: those of its Thursday. */
function isoWeek(local: number): { year: number; week: number } {
  const day = new Date(local).getUTCDay() || 7;
  const thursday = local + (4 - day) * dayMs;
  const year = new Date(thursday).getUTCFullYear();
  return { year, week: Math.floor((thursday - Date.UTC(year, 0, 1)) / dayMs / 7) + 1 };
}

/** Python's `strptime` for numbers and month names. Raises ValueError's words when text and format differ. */
export function parseTime(text: string, format: string): { local: number; microseconds: number; offset: string | null } {
  const names: string[] = [];
  const patterns: Record<string, string> = {
    Y: "\\d{4}",
    y: "\\d\\d",
    m: "\\d{1,2}",
    d: "\\d{1,2}",
    H: "\\d{1,2}",
    I: "\\d{1,2}",
    M: "\\d{1,2}",
    S: "\\d{1,2}",
    f: "\\d{1,6}",
    j: "\\d{1,3}",
    p: "[AaPp][Mm]",
    b: "[A-Za-z]{3}",
    B: "[A-Za-z]+",
    a: "[A-Za-z]{3}",
    A: "[A-Za-z]+",
    z: "Z|[+-]\\d\\d:?\\d\\d",
  };
  const pattern = format
    .replace(/%F/g, "%Y-%m-%d")
    .replace(/%T/g, "%H:%M:%S")
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/%([a-zA-Z%])/g, (_all, code: string) => {
      if (code === "%") return "%";
      const part = patterns[code];
      if (part === undefined) throw new PyError(`'${code}' is a bad directive in format '${format}'`);
      names.push(code);
      return `(${part})`;
    });
  const found = new RegExp(`^${pattern}$`).exec(text);
  if (!found) throw new PyError(`time data '${text}' does not match format '${format}'`);
  const part = new Map(names.map((name, index) => [name, found[index + 1] ?? ""]));
  const number = (name: string, fallback: number): number => (part.has(name) ? Number(part.get(name)) : fallback);
  const monthName = part.get("b") ?? part.get("B");
  const month = monthName
    ? months.findIndex((candidate) => candidate.toLowerCase().startsWith(monthName.toLowerCase())) + 1
    : number("m", 1);
  const short = number("y", 0);
  const year = part.has("y") ? short + (short < 69 ? 2000 : 1900) : number("Y", 1900);
  const half = part.get("p")?.toLowerCase();
  const hour = part.has("I") ? (number("I", 12) % 12) + (half === "pm" ? 12 : 0) : number("H", 0);
  const local = part.has("j")
    ? Date.UTC(year, 0, number("j", 1), hour, number("M", 0), number("S", 0))
    : Date.UTC(year, month - 1, number("d", 1), hour, number("M", 0), number("S", 0));
  const offset = part.get("z");
  return {
    local,
    microseconds: Number((part.get("f") ?? "").padEnd(6, "0")),
    offset: offset === undefined ? null : offset === "Z" ? "UTC" : offset.replace(/^(...)(\d\d)$/, "$1:$2"),
  };
}
