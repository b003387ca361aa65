import { CallArguments } from "./arguments.ts";
import { formatTime, parseTime } from "./strftime.ts";
import { Dict, Float, PyError, PyObject, asNumber, toText, typeName, type Callable, type Kwargs, type Value } from "./values.ts";

const dayMs = 86_400_000;
const pad = (number: number, width = 2): string => String(number).padStart(width, "0");

/** A named zone (`pytz.timezone("Asia/Shanghai")`), with the rules of the runtime's zone data. */
export class TimeZone extends PyObject {
  readonly name: string;
  private readonly parts: Intl.DateTimeFormat;
  constructor(name: string) {
    super();
    this.name = name;
    try {
      this.parts = new Intl.DateTimeFormat("en-US", {
        timeZone: name,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      throw new PyError(`there is no time zone '${name}'`);
    }
  }
  /** Milliseconds to add to UTC at this instant. */
  offsetAt(instant: number): number {
    const part = Object.fromEntries(this.parts.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const local = Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute, part.second);
    return local - Math.floor(instant / 1000) * 1000;
  }
  attribute(name: string): Value | undefined {
    if (name === "zone" || name === "key") return this.name;
    if (name === "localize")
      return (args) => {
        const [naive] = args;
        if (!(naive instanceof PyDateTime)) throw new PyError("localize() needs a datetime");
        return new PyDateTime(naive.local, naive.microseconds, this);
      };
    return undefined;
  }
  toText(): string {
    return this.name;
  }
}

export class TimeDelta extends PyObject {
  /** Milliseconds. */
  readonly span: number;
  constructor(span: number) {
    super();
    this.span = span;
  }
  static make: Callable = (args, kwargs) => {
    const call = new CallArguments("timedelta", args, kwargs);
    const units: [string, number][] = [
      ["days", dayMs],
      ["seconds", 1000],
      ["microseconds", 0.001],
      ["milliseconds", 1],
      ["minutes", 60_000],
      ["hours", 3_600_000],
      ["weeks", 7 * dayMs],
    ];
    return new TimeDelta(units.reduce((sum, [name, size], index) => sum + (asNumber(call.value(index, name, 0)) ?? 0) * size, 0));
  };
  override typeName(): string {
    return "datetime.timedelta";
  }
  attribute(name: string): Value | undefined {
    if (name === "days") return Math.floor(this.span / dayMs);
    if (name === "seconds") return Math.floor((this.span - Math.floor(this.span / dayMs) * dayMs) / 1000);
    if (name === "total_seconds") return () => new Float(this.span / 1000);
    return undefined;
  }
  override equals(other: Value): boolean {
    return other instanceof TimeDelta && other.span === this.span;
  }
  override compareTo(other: Value): number | undefined {
    return other instanceof TimeDelta ? this.span - other.span : undefined;
  }
  override operate(operator: string, other: Value, isRight: boolean): Value | undefined {
    if (other instanceof TimeDelta && (operator === "+" || operator === "-")) {
      return new TimeDelta(operator === "+" ? this.span + other.span : isRight ? other.span - this.span : this.span - other.span);
    }
    const factor = asNumber(other);
    if (factor === undefined) return undefined;
    if (operator === "*") return new TimeDelta(this.span * factor);
    return operator === "/" && !isRight ? new TimeDelta(this.span / factor) : undefined;
  }
  toText(): string {
    const days = Math.floor(this.span / dayMs);
    const rest = new Date(this.span - days * dayMs);
    const time = `${rest.getUTCHours()}:${pad(rest.getUTCMinutes())}:${pad(rest.getUTCSeconds())}`;
    return days === 0 ? time : `${days} day${Math.abs(days) === 1 ? "" : "s"}, ${time}`;
  }
}

/** What a date and a datetime have in common; `local` is the wall clock read as if it were UTC. */
abstract class Calendar extends PyObject {
  readonly local: number;
  constructor(local: number) {
    super();
    this.local = local;
  }
  protected abstract at(local: number): Calendar;

  attribute(name: string): Value | undefined {
    const date = new Date(this.local);
    switch (name) {
      case "year":
        return date.getUTCFullYear();
      case "month":
        return date.getUTCMonth() + 1;
      case "day":
        return date.getUTCDate();
      case "weekday":
        return () => (date.getUTCDay() + 6) % 7;
      case "isoweekday":
        return () => date.getUTCDay() || 7;
      case "strftime":
        return (args) => formatTime(this.local, toText(args[0] ?? ""), this.zoneParts());
      case "isoformat":
        return (args, kwargs) => this.isoFormat(new CallArguments("isoformat", args, kwargs).text(0, "sep", "T"));
      case "toordinal":
        return () => Math.floor(this.local / dayMs) + 719_163;
      default:
        return undefined;
    }
  }
  protected zoneParts(): { name: string; offset: number | null; microseconds: number } {
    return { name: "", offset: null, microseconds: 0 };
  }
  protected abstract isoFormat(separator: string): string;

  override compareTo(other: Value): number | undefined {
    return other instanceof Calendar && other.typeName() === this.typeName() ? this.instant() - other.instant() : undefined;
  }
  override equals(other: Value): boolean {
    return this.compareTo(other) === 0;
  }
  /** Milliseconds since 1970, the zone applied. */
  instant(): number {
    return this.local;
  }
  override operate(operator: string, other: Value, isRight: boolean): Value | undefined {
    if (other instanceof TimeDelta && (operator === "+" || (operator === "-" && !isRight)))
      return this.at(operator === "+" ? this.local + other.span : this.local - other.span);
    if (operator === "-" && !isRight && other instanceof Calendar) return new TimeDelta(this.instant() - other.instant());
    return undefined;
  }
  /** `replace(year=…, month=…)`. */
  protected replaced(kwargs: Kwargs): number {
    const date = new Date(this.local);
    const part = (name: string, own: number): number => asNumber(kwargs.get(name) ?? own) ?? own;
    return Date.UTC(
      part("year", date.getUTCFullYear()),
      part("month", date.getUTCMonth() + 1) - 1,
      part("day", date.getUTCDate()),
      part("hour", date.getUTCHours()),
      part("minute", date.getUTCMinutes()),
      part("second", date.getUTCSeconds()),
    );
  }
}

export class PyDate extends Calendar {
  protected at(local: number): PyDate {
    return new PyDate(Math.floor(local / dayMs) * dayMs);
  }
  override typeName(): string {
    return "datetime.date";
  }
  protected isoFormat(): string {
    return formatTime(this.local, "%Y-%m-%d", this.zoneParts());
  }
  override attribute(name: string): Value | undefined {
    if (name === "replace") return (_args, kwargs) => new PyDate(this.replaced(kwargs));
    return super.attribute(name);
  }
  toText(): string {
    return this.isoFormat();
  }
}

export class PyDateTime extends Calendar {
  /** Below a millisecond and of it: 0 to 999999. */
  readonly microseconds: number;
  readonly zone: TimeZone | null;
  constructor(local: number, microseconds: number, zone: TimeZone | null) {
    super(local);
    this.microseconds = microseconds;
    this.zone = zone;
  }
  /** The wall clock of a zone at an instant (milliseconds since 1970). */
  static inZone(instant: number, zone: TimeZone | null): PyDateTime {
    const whole = Math.floor(instant / 1000) * 1000;
    return new PyDateTime(whole + (zone?.offsetAt(whole) ?? 0), Math.round((instant - whole) * 1000), zone);
  }
  protected at(local: number): PyDateTime {
    return new PyDateTime(local, this.microseconds, this.zone);
  }
  override typeName(): string {
    return "datetime.datetime";
  }
  /** Minutes the zone is before UTC here, in milliseconds. */
  private offset(): number {
    return this.zone ? this.zone.offsetAt(this.local - this.zone.offsetAt(this.local)) : 0;
  }
  override instant(): number {
    return this.local - this.offset() + this.microseconds / 1000;
  }
  protected override zoneParts(): { name: string; offset: number | null; microseconds: number } {
    return { name: this.zone?.name ?? "", offset: this.zone ? this.offset() : null, microseconds: this.microseconds };
  }
  protected isoFormat(separator: string): string {
    const fraction = this.microseconds === 0 ? "" : ".%f";
    const text = formatTime(this.local, `%Y-%m-%d${separator}%H:%M:%S${fraction}`, this.zoneParts());
    const zone = formatTime(this.local, "%z", this.zoneParts());
    return zone === "" ? text : `${text}${zone.slice(0, 3)}:${zone.slice(3)}`;
  }
  override attribute(name: string): Value | undefined {
    const date = new Date(this.local);
    switch (name) {
      case "hour":
        return date.getUTCHours();
      case "minute":
        return date.getUTCMinutes();
      case "second":
        return date.getUTCSeconds();
      case "microsecond":
        return this.microseconds;
      case "tzinfo":
        return this.zone;
      case "date":
        return () => new PyDate(Math.floor(this.local / dayMs) * dayMs);
      case "timestamp":
        return () => new Float(this.instant() / 1000);
      case "astimezone":
        return (args) => {
          const [zone] = args;
          if (!(zone instanceof TimeZone)) throw new PyError(`astimezone() needs a time zone, not ${typeName(zone ?? null)}`);
          return PyDateTime.inZone(this.instant(), zone);
        };
      case "replace":
        return (_args, kwargs) => {
          const zone = kwargs.get("tzinfo");
          const micro = asNumber(kwargs.get("microsecond") ?? this.microseconds) ?? 0;
          return new PyDateTime(this.replaced(kwargs), micro, zone === undefined ? this.zone : zone instanceof TimeZone ? zone : null);
        };
      default:
        return super.attribute(name);
    }
  }
  toText(): string {
    return this.isoFormat(" ");
  }
}

const integers = (call: CallArguments, names: readonly string[]): number[] =>
  names.map((name, index) => call.integer(index, name, index < 3 ? undefined : 0));

function readText(text: string): PyDateTime {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (!found) throw new PyError(`Invalid isoformat string: '${text}'`);
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  const local = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  const zone = found[8] === undefined ? null : new TimeZone(found[8] === "Z" ? "UTC" : found[8].replace(/^(...)(\d\d)$/, "$1:$2"));
  return new PyDateTime(local, Number((found[7] ?? "").padEnd(6, "0")), zone);
}

const zoneOf = (value: Value): TimeZone | null => (value instanceof TimeZone ? value : null);

/** A class whose calls make values and whose attributes are its static methods. */
class Factory extends PyObject {
  private readonly name: string;
  private readonly make: Callable;
  private readonly statics: Record<string, Value>;
  constructor(name: string, make: Callable, statics: Record<string, Value>) {
    super();
    this.name = name;
    this.make = make;
    this.statics = statics;
  }
  override call(args: Value[], kwargs: Kwargs): Value | Promise<Value> {
    return this.make(args, kwargs);
  }
  attribute(name: string): Value | undefined {
    return Object.hasOwn(this.statics, name) ? this.statics[name] : undefined;
  }
  toText(): string {
    return `<class '${this.name}'>`;
  }
}

/** Python's `datetime` module as far as templates use it. `now` is asked, so that a test can fix it. */
export function datetimeModule(now: () => Date): Dict {
  const datetimeNow: Callable = (args, kwargs) =>
    PyDateTime.inZone(now().getTime(), zoneOf(new CallArguments("now", args, kwargs).value(0, "tz", null)));
  const today = (): PyDate => new PyDate(Math.floor(now().getTime() / dayMs) * dayMs);
  return Dict.of({
    datetime: new Factory(
      "datetime.datetime",
      (args, kwargs) => {
        const call = new CallArguments("datetime", args, kwargs);
        const [year = 1, month = 1, day = 1, hour, minute, second, micro] = integers(call, [
          "year",
          "month",
          "day",
          "hour",
          "minute",
          "second",
          "microsecond",
        ]);
        return new PyDateTime(Date.UTC(year, month - 1, day, hour, minute, second), micro ?? 0, zoneOf(call.value(7, "tzinfo", null)));
      },
      {
        now: datetimeNow,
        today: datetimeNow,
        utcnow: () => PyDateTime.inZone(now().getTime(), null),
        fromisoformat: (args) => readText(toText(args[0] ?? "")),
        strptime: (args) => {
          const { local, microseconds, offset } = parseTime(toText(args[0] ?? ""), toText(args[1] ?? ""));
          return new PyDateTime(local, microseconds, offset === null ? null : new TimeZone(offset));
        },
        fromtimestamp: (args) => PyDateTime.inZone((asNumber(args[0] ?? 0) ?? 0) * 1000, zoneOf(args[1] ?? null)),
        combine: (args) => {
          const [date, time] = args;
          if (!(date instanceof PyDate)) throw new PyError("combine() needs a date");
          return new PyDateTime(date.local + (time instanceof PyDateTime ? time.local % dayMs : 0), 0, null);
        },
      },
    ),
    date: new Factory(
      "datetime.date",
      (args, kwargs) => {
        const [year = 1, month = 1, day = 1] = integers(new CallArguments("date", args, kwargs), ["year", "month", "day"]);
        return new PyDate(Date.UTC(year, month - 1, day));
      },
      { today, fromisoformat: (args) => new PyDate(Math.floor(readText(toText(args[0] ?? "")).local / dayMs) * dayMs) },
    ),
    time: new Factory(
      "datetime.time",
      (args) => new PyDateTime(Date.UTC(1970, 0, 1, ...args.map((arg) => asNumber(arg) ?? 0)), 0, null),
      {},
    ),
    timedelta: TimeDelta.make,
    timezone: Dict.of({ utc: new TimeZone("UTC") }),
    UTC: new TimeZone("UTC"),
  });
}
