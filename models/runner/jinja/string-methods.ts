import { CallArguments } from "./arguments.ts";
import { formatBraces } from "./format.ts";
import { PyError, Tuple, asNumber, iterate, toText, tuple, typeName, type Kwargs, type Value } from "./values.ts";

type Method = (text: string, call: CallArguments) => Value;

const characters = (call: CallArguments): string | undefined => {
  const given = call.optional(0, "chars");
  return typeof given === "string" ? given : undefined;
};

function stripStart(text: string, chars: string | undefined): string {
  if (chars === undefined) return text.trimStart();
  let start = 0;
  while (start < text.length && chars.includes(text.charAt(start))) start++;
  return text.slice(start);
}

function stripEnd(text: string, chars: string | undefined): string {
  if (chars === undefined) return text.trimEnd();
  let end = text.length;
  while (end > 0 && chars.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function split(text: string, call: CallArguments): string[] {
  const separator = call.value(0, "sep", null);
  const most = call.integer(1, "maxsplit", -1);
  if (separator === null) {
    const words = text.trim().split(/\s+/).filter(Boolean);
    if (most < 0 || words.length <= most + 1) return words;
    const rest = new RegExp(`^\\s*(?:\\S+\\s+){${most}}`).exec(text)?.[0].length ?? 0;
    return [...words.slice(0, most), text.slice(rest).trimEnd()];
  }
  if (typeof separator !== "string") throw new PyError(`must be str or None, not ${typeName(separator)}`);
  if (separator === "") throw new PyError("empty separator");
  const parts = text.split(separator);
  return most < 0 || parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(separator)];
}

function splitFromEnd(text: string, call: CallArguments): string[] {
  const most = call.integer(1, "maxsplit", -1);
  const separator = call.value(0, "sep", null);
  const parts = split(text, new CallArguments("rsplit", [separator], new Map()));
  const joint = typeof separator === "string" ? separator : " ";
  return most < 0 || parts.length <= most + 1
    ? parts
    : [parts.slice(0, parts.length - most).join(joint), ...parts.slice(parts.length - most)];
}

function replace(text: string, call: CallArguments): string {
  const from = call.text(0, "old");
  const to = call.text(1, "new");
  const most = call.integer(2, "count", -1);
  if (most < 0) return text.replaceAll(from, () => to);
  let done = 0;
  return text.replaceAll(from, (found) => (done++ < most ? to : found));
}

const affix = (text: string, call: CallArguments, has: (candidate: string) => boolean): boolean => {
  const given = call.value(0, "prefix");
  return given instanceof Tuple ? given.some((item) => has(toText(item))) : has(toText(given));
};

export const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
export const title = (text: string): string =>
  text.toLowerCase().replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1));
const hasOnly =
  (pattern: RegExp): Method =>
  (text) =>
    pattern.test(text);

function find(position: (text: string, part: string) => number): Method {
  return (text, call) => position(text, call.text(0, "sub"));
}

const methods: Record<string, Method> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  casefold: (text) => text.toLowerCase(),
  title: (text) => title(text),
  capitalize: (text) => capitalize(text),
  swapcase: (text) =>
    Array.from(text, (letter) => (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase())).join(""),
  strip: (text, call) => stripEnd(stripStart(text, characters(call)), characters(call)),
  lstrip: (text, call) => stripStart(text, characters(call)),
  rstrip: (text, call) => stripEnd(text, characters(call)),
  split,
  rsplit: splitFromEnd,
  splitlines: (text) => text.replace(/\n$/, "").split("\n"),
  replace,
  join: (text, call) =>
    iterate(call.value(0, "iterable"))
      .map((item) => {
        if (typeof item !== "string") throw new PyError(`sequence item: expected str instance, ${typeName(item)} found`);
        return item;
      })
      .join(text),
  startswith: (text, call) => affix(text, call, (candidate) => text.startsWith(candidate)),
  endswith: (text, call) => affix(text, call, (candidate) => text.endsWith(candidate)),
  removeprefix: (text, call) => (text.startsWith(call.text(0, "prefix")) ? text.slice(call.text(0, "prefix").length) : text),
  removesuffix: (text, call) => (text.endsWith(call.text(0, "suffix")) ? text.slice(0, text.length - call.text(0, "suffix").length) : text),
  find: find((text, part) => text.indexOf(part)),
  rfind: find((text, part) => text.lastIndexOf(part)),
  index: (text, call) => {
    const at = text.indexOf(call.text(0, "sub"));
    if (at < 0) throw new PyError("substring not found");
    return at;
  },
  count: (text, call) => text.split(call.text(0, "sub")).length - 1,
  format: (text, call) => formatBraces(text, call.args, call.kwargs),
  zfill: (text, call) =>
    /^[-+]/.test(text)
      ? text.charAt(0) + text.slice(1).padStart(call.integer(0, "width") - 1, "0")
      : text.padStart(call.integer(0, "width"), "0"),
  center: (text, call) => {
    const missing = Math.max(0, call.integer(0, "width") - text.length);
    const mark = call.text(1, "fillchar", " ");
    const left = Math.floor(missing / 2) + (missing & call.integer(0, "width") & 1);
    return mark.repeat(left) + text + mark.repeat(missing - left);
  },
  ljust: (text, call) => text.padEnd(call.integer(0, "width"), call.text(1, "fillchar", " ")),
  rjust: (text, call) => text.padStart(call.integer(0, "width"), call.text(1, "fillchar", " ")),
  partition: (text, call) => {
    const separator = call.text(0, "sep");
    const at = text.indexOf(separator);
    return at < 0 ? tuple([text, "", ""]) : tuple([text.slice(0, at), separator, text.slice(at + separator.length)]);
  },
  rpartition: (text, call) => {
    const separator = call.text(0, "sep");
    const at = text.lastIndexOf(separator);
    return at < 0 ? tuple(["", "", text]) : tuple([text.slice(0, at), separator, text.slice(at + separator.length)]);
  },
  isdigit: hasOnly(/^\d+$/),
  isnumeric: hasOnly(/^\p{N}+$/u),
  isdecimal: hasOnly(/^\p{Nd}+$/u),
  isalpha: hasOnly(/^\p{L}+$/u),
  isalnum: hasOnly(/^[\p{L}\p{N}]+$/u),
  isspace: hasOnly(/^\s+$/),
  islower: (text) => text === text.toLowerCase() && text !== text.toUpperCase(),
  isupper: (text) => text === text.toUpperCase() && text !== text.toLowerCase(),
  isidentifier: hasOnly(/^[\p{L}_][\p{L}\p{N}_]*$/u),
  encode: (text) => text,
  expandtabs: (text, call) => text.replaceAll("\t", " ".repeat(asNumber(call.value(0, "tabsize", 8)) ?? 8)),
};

/** The method of a str by name, bound to the text. */
export function stringMethod(text: string, name: string): ((args: Value[], kwargs: Kwargs) => Value) | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return method && ((args, kwargs) => method(text, new CallArguments(name, args, kwargs)));
}
