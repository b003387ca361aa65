import type { CallArguments } from "./arguments.ts";
import { valueAt } from "./attributes.ts";
import { formatPercent } from "./format.ts";
import { exactly, truncated, type Integer } from "./integers.ts";
import { binary } from "./operators.ts";
import { capitalize, stringMethod } from "./string-methods.ts";
import { Markup, escaped } from "./markup.ts";
import { textFilters } from "./text-filters.ts";
import {
  Dict,
  Float,
  PyError,
  Tuple,
  Undefined,
  asNumber,
  compare,
  equals,
  iterate,
  lengthOf,
  repr,
  toJs,
  toText,
  truthy,
  tuple,
  typeName,
  type Value,
} from "./values.ts";

/** What a filter that names another filter or test needs of the evaluator. */
export interface FilterHost {
  /** Inside `{% autoescape true %}`. */
  readonly autoescape: boolean;
  applyFilter(name: string, value: Value, args: Value[], kwargs: Map<string, Value>): Promise<Value>;
  applyTest(name: string, value: Value, args: Value[]): Promise<boolean>;
}
export type Filter = (value: Value, call: CallArguments, host: FilterHost) => Value | Promise<Value>;

function end(value: Value, position: 0 | -1): Value {
  const items = iterate(value);
  const item = items.at(position);
  return item === undefined ? new Undefined("an item of an empty sequence") : item;
}

const lowered = (value: Value): Value => (typeof value === "string" ? value.toLowerCase() : value);

/** Reads `attribute` and `case_sensitive`, the options Jinja's ordering filters share. */
function sortKey(call: CallArguments, attributeIndex: number, caseIndex: number): (item: Value) => Value {
  const attribute = call.value(attributeIndex, "attribute", null);
  const caseSensitive = truthy(call.value(caseIndex, "case_sensitive", false));
  const paths = typeof attribute === "string" ? attribute.split(",") : attribute === null ? [] : [attribute];
  return (item) => {
    const keys = paths.length === 0 ? [item] : paths.map((path) => valueAt(item, path));
    const folded = caseSensitive ? keys : keys.map(lowered);
    return folded.length === 1 ? (folded[0] ?? null) : tuple(folded);
  };
}

function extreme(direction: 1 | -1): Filter {
  return (value, call) => {
    const key = sortKey(call, 1, 0);
    let best: Value | undefined;
    for (const item of iterate(value)) if (best === undefined || compare(key(item), key(best)) * direction < 0) best = item;
    return best === undefined ? new Undefined("the first item of an empty sequence") : best;
  };
}

function choose(keep: boolean, byAttribute: boolean): Filter {
  return async (value, call, host) => {
    const attribute = byAttribute ? call.value(0, "attribute") : null;
    const [test, ...args] = byAttribute ? call.args.slice(1) : call.args;
    const kept: Value[] = [];
    for (const item of itemsOrNone(value)) {
      const subject = byAttribute ? valueAt(item, attribute) : item;
      const passes = test === undefined ? truthy(subject) : await host.applyTest(toText(test), subject, args);
      if (passes === keep) kept.push(item);
    }
    return kept;
  };
}

/** Jinja's map, select and reject take None and other falsy values for an empty sequence. */
const itemsOrNone = (value: Value): Value[] => (truthy(value) ? iterate(value) : []);

const map: Filter = async (value, call, host) => {
  const items = itemsOrNone(value);
  const attribute = call.kwargs.get("attribute");
  if (attribute !== undefined) {
    const fallback = call.kwargs.get("default");
    return items.map((item) => valueAt(item, attribute, fallback));
  }
  const [name, ...args] = call.args;
  if (name === undefined) throw new PyError("map requires a filter argument");
  const mapped: Value[] = [];
  for (const item of items) mapped.push(await host.applyFilter(toText(name), item, args, call.kwargs));
  return mapped;
};

function toInteger(value: Value, call: CallArguments): Value {
  const fallback = call.value(0, "default", 0);
  const base = call.integer(1, "base", 10);
  if (typeof value === "bigint") return value;
  const number = asNumber(value);
  if (number !== undefined) return Number.isFinite(number) ? truncated(number) : fallback;
  const text = typeof value === "string" ? value.trim().replaceAll("_", "") : "";
  if (base !== 10) return integerOfBase(text, base) ?? fallback;
  if (/^[-+]?\d+$/.test(text)) return signedInteger(text.slice(0, 1), text.replace(/^[-+]/, ""));
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? truncated(Number(text)) : fallback;
}

/** `0x1A` and `1A` in base 16. */
function integerOfBase(text: string, base: number): Integer | undefined {
  const prefix = { 2: "0b", 8: "0o", 16: "0x" }[base];
  const [, sign = "", digits = ""] = new RegExp(`^([-+]?)(?:${prefix ?? "(?!)"})?([0-9a-z]+)$`, "i").exec(text) ?? [];
  const allowed = "0123456789abcdefghijklmnopqrstuvwxyz".slice(0, base);
  if (digits === "" || [...digits.toLowerCase()].some((digit) => !allowed.includes(digit))) return undefined;
  const value = [...digits.toLowerCase()].reduce((sum, digit) => sum * BigInt(base) + BigInt(allowed.indexOf(digit)), 0n);
  return exactly(sign === "-" ? -value : value);
}

const signedInteger = (sign: string, digits: string): Integer => {
  const value = BigInt(digits);
  return exactly(sign === "-" ? -value : value);
};

function toFloat(value: Value, call: CallArguments): Value {
  const number = asNumber(value);
  if (number !== undefined) return new Float(number);
  const text = typeof value === "string" ? value.trim() : "";
  return text !== "" && Number.isFinite(Number(text)) ? new Float(Number(text)) : call.value(0, "default", new Float(0));
}

function round(value: Value, call: CallArguments): Value {
  if (typeof value === "bigint" && call.text(1, "method", "common") === "common" && call.integer(0, "precision", 0) >= 0) return value;
  const number = asNumber(value);
  if (number === undefined) throw new PyError(`type ${typeName(value)} doesn't define __round__ method`);
  const precision = call.integer(0, "precision", 0);
  const method = call.text(1, "method", "common");
  const power = 10 ** precision;
  if (method !== "common") return new Float((method === "ceil" ? Math.ceil(number * power) : Math.floor(number * power)) / power);
  const rounded = roundHalfEven(number, precision);
  return value instanceof Float ? new Float(rounded) : rounded;
}

/** As Python rounds: what the number exactly is decides, and a true half goes to the even neighbour. */
function roundHalfEven(number: number, digits: number): number {
  const scaled = number * 10 ** digits;
  // Only a number that is a multiple of 2 ** -(digits + 1) can lie exactly between two others.
  const isHalf = Math.abs(scaled % 1) === 0.5 && Number.isInteger(number * 2 ** (Math.max(digits, 0) + 1));
  if (isHalf || digits < 0) return (isHalf ? 2 * Math.round(scaled / 2) : Math.round(scaled)) / 10 ** digits;
  return Number(number.toFixed(Math.min(digits, 100)));
}

function indent(value: Value, call: CallArguments): string {
  const width = call.value(0, "width", 4);
  const pad = typeof width === "string" ? width : " ".repeat(asNumber(width) ?? 4);
  const first = truthy(call.value(1, "first", false));
  const blank = truthy(call.value(2, "blank", false));
  return toText(value)
    .split("\n")
    .map((line, index) => ((index > 0 || first) && (blank || line !== "" || index === 0) ? pad + line : line))
    .join("\n");
}

/** A pair that also knows its parts by name. */
class Group extends Tuple {
  get grouper(): Value {
    return this[0] ?? null;
  }
  get list(): Value {
    return this[1] ?? [];
  }
}

function groupBy(value: Value, call: CallArguments): Value {
  const attribute = call.value(0, "attribute");
  const fallback = call.optional(1, "default");
  const caseSensitive = truthy(call.value(2, "case_sensitive", false));
  const groups: { key: Value; folded: Value; items: Value[] }[] = [];
  for (const item of iterate(value)) {
    const key = valueAt(item, attribute, fallback);
    const folded = caseSensitive ? key : lowered(key);
    const group = groups.find((candidate) => equals(candidate.folded, folded));
    if (group) group.items.push(item);
    else groups.push({ key, folded, items: [item] });
  }
  return groups
    .sort((left, right) => compare(left.folded, right.folded))
    .map(({ key, items }) => {
      const group = new Group();
      group.push(key, items);
      return group;
    });
}

function batch(value: Value, call: CallArguments): Value {
  const size = call.integer(0, "linecount");
  const fill = call.value(1, "fill_with", null);
  const items = iterate(value);
  const rows: Value[][] = [];
  for (let index = 0; index < items.length; index += size) rows.push(items.slice(index, index + size));
  const last = rows.at(-1);
  if (last && fill !== null) while (last.length < size) last.push(fill);
  return rows;
}

function slices(value: Value, call: CallArguments): Value {
  const count = call.integer(0, "slices");
  const fill = call.value(1, "fill_with", null);
  const items = iterate(value);
  const per = Math.floor(items.length / count);
  const extra = items.length % count;
  return Array.from({ length: count }, (_, index) => {
    const start = index * per + Math.min(index, extra);
    const part = items.slice(start, start + per + (index < extra ? 1 : 0));
    if (fill !== null && index >= extra) part.push(fill);
    return part;
  });
}

/** JSON as Python writes it: `, ` and `: ` between, keys sorted when Jinja's `tojson` does. */
export function toJson(value: unknown, sortKeys: boolean, width?: number, level = 1): string {
  const newline = width === undefined ? "" : `\n${" ".repeat(width * level)}`;
  const end = width === undefined ? "" : `\n${" ".repeat(width * (level - 1))}`;
  const comma = width === undefined ? ", " : ",";
  if (Array.isArray(value))
    return value.length === 0
      ? "[]"
      : `[${newline}${value.map((item) => toJson(item, sortKeys, width, level + 1)).join(comma + newline)}${end}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value);
    if (sortKeys) entries.sort(([left], [right]) => (left < right ? -1 : 1));
    if (entries.length === 0) return "{}";
    return `{${newline}${entries.map(([key, item]) => `${JSON.stringify(key)}: ${toJson(item, sortKeys, width, level + 1)}`).join(comma + newline)}${end}}`;
  }
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

const absolute: Filter = (value) => {
  if (typeof value === "bigint") return value < 0 ? -value : value;
  const number = asNumber(value);
  if (number === undefined) throw new PyError(`bad operand type for abs(): '${typeName(value)}'`);
  return value instanceof Float ? new Float(Math.abs(number)) : Math.abs(number);
};
const fallback: Filter = (value, call) => {
  const missing = value instanceof Undefined || (truthy(call.value(1, "boolean", false)) && !truthy(value));
  return missing ? call.value(0, "default_value", "") : value;
};
const count: Filter = (value) => lengthOf(value);
const same: Filter = (value) => value;
const escape: Filter = (value) => (value instanceof Markup ? value : new Markup(escaped(value)));

export const filters: Record<string, Filter> = {
  abs: absolute,
  attr: (value, call) => valueAt(value, call.text(0, "name")),
  batch,
  capitalize: (value) => capitalize(toText(value)),
  center: (value, call) => stringMethod(toText(value), "center")?.([call.value(0, "width", 80)], new Map()) ?? "",
  count,
  d: fallback,
  default: fallback,
  dictsort: (value, call) => {
    if (!(value instanceof Dict)) throw new PyError("dictsort needs a dict");
    const caseSensitive = truthy(call.value(0, "case_sensitive", false));
    const part = call.text(1, "by", "key") === "key" ? 0 : 1;
    const key = (entry: [Value, Value]): Value => (caseSensitive ? entry[part] : lowered(entry[part]));
    const sorted = value.entries().sort((left, right) => compare(key(left), key(right)));
    return (truthy(call.value(2, "reverse", false)) ? sorted.reverse() : sorted).map((entry) => tuple(entry));
  },
  e: escape,
  escape,
  first: (value) => end(value, 0),
  float: toFloat,
  forceescape: (value) => new Markup(escaped(toText(value))),
  format: (value, call) => {
    const given = call.kwargs.size > 0 ? Dict.of(Object.fromEntries(call.kwargs)) : tuple(call.args);
    return value instanceof Markup ? binary("%", value, given) : formatPercent(toText(value), given);
  },
  groupby: groupBy,
  indent,
  int: toInteger,
  items: (value) => (value instanceof Dict ? value.entries().map((entry) => tuple(entry)) : []),
  join: (value, call, host) => {
    const attribute = call.value(1, "attribute", null);
    const items = iterate(value).map((item) => (attribute === null ? item : valueAt(item, attribute)));
    const separator = call.value(0, "d", "");
    if (host.autoescape && [separator, ...items].some((part) => part instanceof Markup))
      return new Markup(items.map(escaped).join(escaped(separator)));
    return items.map(toText).join(toText(separator));
  },
  last: (value) => end(value, -1),
  length: count,
  list: (value) => [...iterate(value)],
  lower: (value) => toText(value).toLowerCase(),
  map,
  max: extreme(-1),
  min: extreme(1),
  pprint: (value) => repr(value),
  reject: choose(false, false),
  rejectattr: choose(false, true),
  replace: async (value, call, host) => {
    const parts = [value, call.value(0, "old"), call.value(1, "new")];
    if (host.autoescape && parts.some((part) => part instanceof Markup)) {
      const method = new Markup(escaped(value)).attribute("replace");
      if (typeof method === "function") return method([...parts.slice(1), call.value(2, "count", -1)], new Map());
    }
    const args: Value[] = [toText(call.value(0, "old")), toText(call.value(1, "new")), call.value(2, "count", -1)];
    return stringMethod(toText(value), "replace")?.(args, new Map()) ?? "";
  },
  reverse: (value) =>
    typeof value === "string" || value instanceof Markup ? [...toText(value)].reverse().join("") : [...iterate(value)].reverse(),
  round,
  random: (value) => {
    const items = iterate(value);
    return items[Math.floor(Math.random() * items.length)] ?? new Undefined("No random item, sequence was empty.");
  },
  safe: (value) => (value instanceof Markup ? value : new Markup(toText(value))),
  select: choose(true, false),
  selectattr: choose(true, true),
  slice: slices,
  sort: (value, call) => {
    const key = sortKey(call, 2, 1);
    const direction = truthy(call.value(0, "reverse", false)) ? -1 : 1;
    return [...iterate(value)].sort((left, right) => compare(key(left), key(right)) * direction);
  },
  string: (value) => (value instanceof Markup ? value : toText(value)),
  sum: (value, call) => {
    const attribute = call.value(0, "attribute", null);
    return iterate(value).reduce<Value>(
      (total, item) => binary("+", total, attribute === null ? item : valueAt(item, attribute)),
      call.value(1, "start", 0),
    );
  },
  tojson: (value, call) => {
    const width = asNumber(call.value(0, "indent", null));
    // Jinja's own `tojson` is safe inside HTML.
    return new Markup(toJson(toJs(value), true, width).replace(/[<>&']/g, (mark) => `\\u00${mark.charCodeAt(0).toString(16)}`));
  },
  trim: (value, call) => stringMethod(toText(value), "strip")?.(call.args, call.kwargs) ?? "",
  truncate: (value, call) => {
    const text = toText(value);
    const length = call.integer(0, "length", 255);
    const end = call.text(2, "end", "...");
    if (text.length <= length + call.integer(3, "leeway", 5)) return text;
    const cut = text.slice(0, length - end.length);
    return (truthy(call.value(1, "killwords", false)) ? cut : cut.replace(/\s+\S*$/, "")) + end;
  },
  unique: (value, call) => {
    const key = sortKey(call, 1, 0);
    const seen: Value[] = [];
    return iterate(value).filter((item) => {
      const candidate = key(item);
      if (seen.some((other) => equals(other, candidate))) return false;
      seen.push(candidate);
      return true;
    });
  },
  ...textFilters,
  upper: (value) => toText(value).toUpperCase(),
  // dbt's type hints for its native rendering of YAML: text stays as it is.
  as_text: (value) => toText(value),
  as_bool: same,
  as_native: same,
  as_number: same,
};
