import { escapeHtml } from "./escape.ts";
import { formatPercent } from "./format.ts";
import { stringMethod } from "./string-methods.ts";
import {
  Dict,
  PyError,
  PyObject,
  Tuple,
  iterate,
  lengthOf,
  plain,
  repr,
  toText,
  tuple,
  typeName,
  type Kwargs,
  type Value,
} from "./values.ts";

/** A text that is HTML already: what is added to it is escaped first. Everywhere else it is the str that it holds. */
export class Markup extends PyObject {
  private readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  toText(): string {
    return this.text;
  }
  override asString(): string {
    return this.text;
  }
  override toRepr(): string {
    return `Markup(${repr(this.text)})`;
  }
  override truthy(): boolean {
    return this.text !== "";
  }
  override length(): number {
    return lengthOf(this.text);
  }
  override iterate(): Value[] {
    return iterate(this.text);
  }
  override equals(other: Value): boolean {
    return plain(other) === this.text;
  }
  override has(item: Value): boolean {
    const part = plain(item);
    if (typeof part !== "string") throw new PyError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
    return this.text.includes(part);
  }
  override item(key: Value): Value | undefined {
    const found = typeof key === "number" ? [...this.text].at(key) : undefined;
    return found === undefined ? undefined : new Markup(found);
  }
  override operate(operator: string, other: Value, isRight: boolean): Value | undefined {
    if (operator === "+" && typeof plain(other) === "string") {
      const text = escaped(other);
      return new Markup(isRight ? text + this.text : this.text + text);
    }
    if (operator === "*" && typeof other === "number") return new Markup(this.text.repeat(Math.max(0, other)));
    if (operator === "%" && !isRight) return new Markup(formatPercent(this.text, escapedParts(other)));
    return undefined;
  }

  attribute(name: string): Value | undefined {
    const method = stringMethod(this.text, name);
    if (method === undefined) return undefined;
    return async (args: Value[], kwargs: Kwargs) => marked(await method(...this.givenTo(name, args, kwargs)));
  }

  /** `join`, `format` and the new part of `replace` become HTML; other arguments are looked for as they are. */
  private givenTo(name: string, args: Value[], kwargs: Kwargs): [Value[], Kwargs] {
    if (name === "join") return [[iterate(args[0] ?? []).map(escaped)], kwargs];
    if (name === "format") return [args.map(escapedPart), new Map([...kwargs].map(([key, value]) => [key, escapedPart(value)]))];
    if (name === "replace") return [args.map((arg, index) => (index === 1 ? escaped(arg) : plain(arg))), kwargs];
    return [args.map(plain), kwargs];
  }
}

/** The text as HTML: escaped, unless it is that already. */
export const escaped = (value: Value): string => (value instanceof Markup ? value.toText() : escapeHtml(toText(value)));

const escapedPart = (value: Value): Value => (typeof plain(value) === "string" ? escaped(value) : value);

function escapedParts(value: Value): Value {
  if (value instanceof Tuple) return tuple(value.map(escapedPart));
  if (!(value instanceof Dict)) return escapedPart(value);
  const parts = new Dict();
  for (const [key, part] of value.entries()) parts.set(key, escapedPart(part));
  return parts;
}

/** What a str method gives, as HTML. */
const marked = (value: Value): Value => {
  if (typeof value === "string") return new Markup(value);
  if (value instanceof Tuple) return tuple(value.map(marked));
  return Array.isArray(value) ? value.map(marked) : value;
};
