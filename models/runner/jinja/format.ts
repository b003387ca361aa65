import { truncated } from "./integers.ts";
import { Dict, Float, PyError, Tuple, asNumber, iterate, repr, toText, type Kwargs, type Value } from "./values.ts";

/** Python's `template % value`: %s %r %d %i %f %e %g %x %o %%, flags, width, precision and `%(name)s`. */
export function formatPercent(template: string, value: Value): string {
  const values = value instanceof Tuple ? [...value] : [value];
  let next = 0;
  const text = template.replace(/%(?:\((\w+)\))?([-+ 0#]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g, (_all, name, flags, width, precision, type) => {
    if (type === "%") return "%";
    if (name === undefined && next >= values.length) throw new PyError("not enough arguments for format string");
    const item = name === undefined ? (values[next++] ?? null) : named(value, name);
    const body = convert(item, type, precision, flags);
    const size = width === undefined ? 0 : Number(width);
    if (flags.includes("-")) return body.padEnd(size);
    return flags.includes("0") && asNumber(item) !== undefined ? padZeros(body, size) : body.padStart(size);
  });
  if (next < values.length && value instanceof Tuple) throw new PyError("not all arguments converted during string formatting");
  return text;
}

function named(value: Value, name: string): Value {
  if (!(value instanceof Dict)) throw new PyError("format requires a mapping");
  const item = value.get(name);
  if (item === undefined) throw new PyError(`KeyError: '${name}'`);
  return item;
}

function convert(item: Value, type: string, precision: string | undefined, flags: string): string {
  if (type === "s") return precision === undefined ? toText(item) : toText(item).slice(0, Number(precision));
  if (type === "r") return repr(item);
  const number = asNumber(item);
  if (number === undefined) throw new PyError(`%${type} format: a number is required, not ${JSON.stringify(toText(item))}`);
  const sign = number >= 0 && flags.includes("+") ? "+" : number >= 0 && flags.includes(" ") ? " " : "";
  return sign + numberText(typeof item === "bigint" ? item : number, type, precision);
}

function numberText(given: number | bigint, type: string, precision: string | undefined): string {
  const base = { d: 10, i: 10, x: 16, X: 16, o: 8, b: 2 }[type];
  if (base !== undefined) {
    const digits = (typeof given === "bigint" ? given : truncated(given)).toString(base);
    return type === "X" ? digits.toUpperCase() : digits;
  }
  const number = Number(given);
  const digits = precision === undefined ? 6 : Number(precision);
  switch (type) {
    case "f":
    case "F":
      return number.toFixed(digits);
    case "e":
      return number.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");
    case "g":
      return String(Number(number.toPrecision(digits || 1)));
    case "%":
      return `${(number * 100).toFixed(digits)}%`;
    default:
      throw new PyError(`unsupported format character '${type}'`);
  }
}

const padZeros = (text: string, width: number): string =>
  /^[-+]/.test(text) ? text.slice(0, 1) + text.slice(1).padStart(width - 1, "0") : text.padStart(width, "0");

/** Python's `template.format(...)`: `{}`, `{0}`, `{name}`, `{0[key]}`, `!r`, and format specifications. */
export function formatBraces(template: string, args: Value[], kwargs: Kwargs): string {
  let next = 0;
  return template.replace(
    /\{\{|\}\}|\{([^{}!:]*)(?:!([rs]))?(?::([^{}]*))?\}/g,
    (all, field: string | undefined, conversion, specification) => {
      if (all === "{{") return "{";
      if (all === "}}") return "}";
      const [, head = "", tail = ""] = /^([^.[]*)(.*)$/.exec(field ?? "") ?? [];
      const index = head === "" ? next++ : /^\d+$/.test(head) ? Number(head) : undefined;
      let value = index === undefined ? kwargs.get(head) : args[index];
      if (value === undefined)
        throw new PyError(
          index === undefined ? `KeyError: '${head}'` : `Replacement index ${index} out of range for positional args tuple`,
        );
      for (const [, key, attribute] of tail.matchAll(/\[([^\]]*)\]|\.(\w+)/g)) value = member(value, key ?? attribute ?? "");
      if (conversion === "r") value = repr(value);
      return specification ? formatSpecification(value, specification) : toText(value);
    },
  );
}

function member(value: Value, key: string): Value {
  const found = value instanceof Dict ? value.get(key) : iterate(value)[Number(key)];
  if (found === undefined) throw new PyError(`KeyError: '${key}'`);
  return found;
}

/** One value by Python's format mini-language: `>10`, `,.2f`, `05d`. */
export function formatSpecification(value: Value, specification: string): string {
  const parts = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/.exec(specification);
  if (!parts) throw new PyError(`Invalid format specifier '${specification}'`);
  const [, fill, align, sign, , zero, width, grouping, precision, type] = parts;
  const number = asNumber(value);
  const isNumber = number !== undefined && type !== "s";
  let body: string;
  if (isNumber) {
    const kind = type ?? (value instanceof Float ? (precision === undefined ? "" : "g") : "d");
    body =
      kind === "" ? toText(value) : numberText(typeof value === "bigint" ? value : Math.abs(number), kind === "n" ? "d" : kind, precision);
    body = body.replace(/^-/, "");
    if (grouping) body = body.replace(/^\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, grouping));
    body = (number < 0 ? "-" : sign === "+" || sign === " " ? sign : "") + body;
  } else body = precision === undefined ? toText(value) : toText(value).slice(0, Number(precision));
  const size = width === undefined ? 0 : Number(width);
  if (zero && !align) return padZeros(body, size);
  const missing = Math.max(0, size - body.length);
  const mark = fill ?? " ";
  if (align === "^") return mark.repeat(Math.floor(missing / 2)) + body + mark.repeat(Math.ceil(missing / 2));
  return align === ">" || (!align && isNumber) ? mark.repeat(missing) + body : body + mark.repeat(missing);
}
