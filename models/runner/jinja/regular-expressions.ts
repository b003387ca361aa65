import { CallArguments } from "./arguments.ts";
import { Dict, PyError, PyObject, asNumber, toText, tuple, type Callable, type Value } from "./values.ts";

const flagValues: Record<string, [number, string]> = {
  IGNORECASE: [2, "i"],
  I: [2, "i"],
  MULTILINE: [8, "m"],
  M: [8, "m"],
  DOTALL: [16, "s"],
  S: [16, "s"],
  VERBOSE: [64, ""],
  X: [64, ""],
};

/** A Python pattern as one of JavaScript: named groups, `\A`, `\Z` and inline flags are spelt differently. */
function translate(pattern: string, flags: number): RegExp {
  let modifiers = "gu";
  for (const [name, [value, letter]] of Object.entries(flagValues)) if (name.length === 1 && (flags & value) !== 0) modifiers += letter;
  let source = pattern.replace(/^\(\?([ims]+)\)/, (_all, letters: string) => {
    for (const letter of letters) if (!modifiers.includes(letter)) modifiers += letter;
    return "";
  });
  source = source
    .replaceAll("(?P<", "(?<")
    .replace(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replaceAll("\\A", "^")
    .replaceAll("\\Z", "$");
  try {
    return new RegExp(source, modifiers);
  } catch {
    // Python lets any character be escaped; JavaScript only without `u`.
    try {
      return new RegExp(source, modifiers.replace("u", ""));
    } catch (cause) {
      throw new PyError(`bad regular expression '${pattern}': ${cause instanceof Error ? cause.message : ""}`);
    }
  }
}

class Match extends PyObject {
  private readonly found: RegExpExecArray;
  constructor(found: RegExpExecArray) {
    super();
    this.found = found;
  }
  private group(key: Value): Value {
    const text = typeof key === "string" ? this.found.groups?.[key] : this.found[asNumber(key) ?? 0];
    if (text === undefined && typeof key !== "string" && (asNumber(key) ?? 0) >= this.found.length) throw new PyError("no such group");
    return text ?? null;
  }
  attribute(name: string): Value | undefined {
    switch (name) {
      case "group":
        return (args) => (args.length > 1 ? tuple(args.map((key) => this.group(key))) : this.group(args[0] ?? 0));
      case "groups":
        return () => tuple(this.found.slice(1).map((text) => text ?? null));
      case "groupdict":
        return () => Dict.of(Object.fromEntries(Object.entries(this.found.groups ?? {}).map(([key, text]) => [key, text ?? null])));
      case "start":
        return () => this.found.index;
      case "end":
        return () => this.found.index + this.found[0].length;
      case "span":
        return () => tuple([this.found.index, this.found.index + this.found[0].length]);
      case "string":
        return this.found.input;
      default:
        return undefined;
    }
  }
  override item(key: Value): Value | undefined {
    return this.group(key);
  }
  toText(): string {
    return `<re.Match object; match='${this.found[0]}'>`;
  }
}

class Pattern extends PyObject {
  readonly pattern: string;
  readonly expression: RegExp;
  constructor(pattern: string, expression: RegExp) {
    super();
    this.pattern = pattern;
    this.expression = expression;
  }
  attribute(name: string): Value | undefined {
    if (name === "pattern") return this.pattern;
    const method = Object.hasOwn(operations, name) ? operations[name] : undefined;
    return method && ((args, kwargs) => method(this.expression, new CallArguments(name, args, kwargs), 0));
  }
  toText(): string {
    return `re.compile('${this.pattern}')`;
  }
}

const first = (expression: RegExp, text: string, accept: (found: RegExpExecArray) => boolean): Value => {
  expression.lastIndex = 0;
  const found = expression.exec(text);
  return found && accept(found) ? new Match(found) : null;
};

/** Each takes the pattern, and the call whose arguments after the pattern begin at `from`. */
const operations: Record<string, (expression: RegExp, call: CallArguments, from: number) => Value | Promise<Value>> = {
  search: (expression, call, from) => first(expression, call.text(from, "string"), () => true),
  match: (expression, call, from) =>
    first(new RegExp(`^(?:${expression.source})`, expression.flags.replace("m", "")), call.text(from, "string"), () => true),
  fullmatch: (expression, call, from) =>
    first(new RegExp(`^(?:${expression.source})$`, expression.flags.replace("m", "")), call.text(from, "string"), () => true),
  findall: (expression, call, from) =>
    [...call.text(from, "string").matchAll(expression)].map((found) =>
      found.length === 1 ? found[0] : found.length === 2 ? (found[1] ?? "") : tuple(found.slice(1).map((text) => text ?? "")),
    ),
  finditer: (expression, call, from) => [...call.text(from, "string").matchAll(expression)].map((found) => new Match(found)),
  split: (expression, call, from) => {
    const text = call.text(from, "string");
    const most = call.integer(from + 1, "maxsplit", 0);
    const parts: Value[] = [];
    let at = 0;
    for (const found of text.matchAll(expression)) {
      if (most > 0 && parts.length >= most) break;
      parts.push(text.slice(at, found.index), ...found.slice(1).map((group) => group ?? null));
      at = found.index + found[0].length;
    }
    return [...parts, text.slice(at)];
  },
  sub: async (expression, call, from) => {
    const replacement = call.value(from, "repl");
    const text = call.text(from + 1, "string");
    const most = call.integer(from + 2, "count", 0);
    let result = "";
    let at = 0;
    let done = 0;
    for (const found of text.matchAll(expression)) {
      if (most > 0 && done++ >= most) break;
      const by =
        typeof replacement === "function" ? toText(await replacement([new Match(found)], new Map())) : expand(toText(replacement), found);
      result += text.slice(at, found.index) + by;
      at = found.index + found[0].length;
    }
    return result + text.slice(at);
  },
};

/** `\1`, `\g<1>` and `\g<name>` in a replacement. */
const expand = (replacement: string, found: RegExpExecArray): string =>
  replacement.replace(/\\(?:(\d{1,2})|g<(\w+)>)/g, (_all, digits?: string, name = "") =>
    digits === undefined
      ? /^\d+$/.test(name)
        ? (found[Number(name)] ?? "")
        : (found.groups?.[name] ?? "")
      : (found[Number(digits)] ?? ""),
  );

const flagPosition: Record<string, number> = { sub: 4, split: 3 };

/** Python's `re` module as far as templates use it. */
export function reModule(): Dict {
  const functions: Record<string, Value> = {
    compile: (args, kwargs) => {
      const call = new CallArguments("compile", args, kwargs);
      return new Pattern(call.text(0, "pattern"), translate(call.text(0, "pattern"), call.integer(1, "flags", 0)));
    },
    escape: (args) => toText(args[0] ?? "").replace(/[^\w]/g, "\\$&"),
  };
  for (const [name, operation] of Object.entries(operations)) {
    const call: Callable = (args, kwargs) => {
      const given = new CallArguments(name, args, kwargs);
      const pattern = given.value(0, "pattern");
      const expression =
        pattern instanceof Pattern ? pattern.expression : translate(toText(pattern), given.integer(flagPosition[name] ?? 2, "flags", 0));
      return operation(expression, given, 1);
    };
    functions[name] = call;
  }
  for (const [name, [value]] of Object.entries(flagValues)) functions[name] = value;
  return Dict.of(functions);
}
