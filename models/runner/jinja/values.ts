/**
 * Python's values as the templates see them.
 * int: number (bigint beyond 2^53) · float: Float · str: string · None: null · list: array · tuple: Tuple · dict: Dict ·
 * an undefined name: Undefined · functions: Callable · everything else: a subclass of PyObject.
 */

export type Kwargs = Map<string, Value>;
export type Callable = (args: Value[], kwargs: Kwargs) => Value | Promise<Value>;
export type Value = null | boolean | number | bigint | string | Float | Undefined | Value[] | Dict | PyObject | Callable;

/** A Python error inside a template: the message is what Python would say. */
export class PyError extends Error {
  override name = "PyError";
}

/** A float keeps its kind, since `4 / 2` prints `2.0`. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** The value of a name that nobody set: prints as nothing, is false, cannot be called. */
export class Undefined {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class Tuple extends Array<Value> {}

export const tuple = (items: Iterable<Value>): Tuple => {
  const made = new Tuple();
  for (const item of items) made.push(item);
  return made;
};

/** An object with attributes of its own: namespaces, loops, relations, query results. */
export abstract class PyObject {
  /** The attribute, or undefined when there is none. */
  abstract attribute(name: string): Value | undefined;
  abstract toText(): string;
  item(_key: Value): Value | undefined {
    return undefined;
  }
  truthy(): boolean {
    return true;
  }
  iterate(): Iterable<Value> | undefined {
    return undefined;
  }
  length(): number | undefined {
    return undefined;
  }
  equals(other: Value): boolean {
    return this === other;
  }
  /** Negative, zero or positive; undefined when the two have no order. */
  compareTo(_other: Value): number | undefined {
    return undefined;
  }
  /** `this operator other`, or `other operator this` when `isRight`; undefined when there is no such operation. */
  operate(_operator: string, _other: Value, _isRight: boolean): Value | undefined {
    return undefined;
  }
  /** `item in this`, where that is more than a look through the items. */
  has(_item: Value): boolean | undefined {
    return undefined;
  }
  /** The class as Python's messages name it. */
  typeName(): string {
    return this.constructor.name;
  }
  /** Python's `repr`, where it differs from `str`. */
  toRepr(): string {
    return this.toText();
  }
  /** The text of an object that Python's str is the class above of. */
  asString(): string | undefined {
    return undefined;
  }
  /** Whether `x is mapping` holds. */
  isMapping(): boolean {
    return false;
  }
  call(_args: Value[], _kwargs: Kwargs): Value | Promise<Value> {
    throw new PyError(`'${typeName(this)}' object is not callable`);
  }
  setAttribute(name: string, _value: Value): void {
    throw new PyError(`cannot assign attribute '${name}' on non-namespace object`);
  }
}

/** Python's dict: keeps insertion order; keys are equal as Python values are (1, 1.0 and True are one key). */
export class Dict {
  private readonly entriesByHash = new Map<string, [Value, Value]>();

  static of(record: Record<string, Value>): Dict {
    const dict = new Dict();
    for (const [key, value] of Object.entries(record)) dict.set(key, value);
    return dict;
  }
  get size(): number {
    return this.entriesByHash.size;
  }
  get(key: Value): Value | undefined {
    return this.entriesByHash.get(hash(key))?.[1];
  }
  has(key: Value): boolean {
    return this.entriesByHash.has(hash(key));
  }
  set(key: Value, value: Value): void {
    const hashed = hash(key);
    const present = this.entriesByHash.get(hashed);
    if (present) present[1] = value;
    else this.entriesByHash.set(hashed, [key, value]);
  }
  delete(key: Value): boolean {
    return this.entriesByHash.delete(hash(key));
  }
  clear(): void {
    this.entriesByHash.clear();
  }
  keys(): Value[] {
    return [...this.entriesByHash.values()].map(([key]) => key);
  }
  values(): Value[] {
    return [...this.entriesByHash.values()].map(([, value]) => value);
  }
  entries(): [Value, Value][] {
    return [...this.entriesByHash.values()].map(([key, value]) => [key, value]);
  }
  copy(): Dict {
    const made = new Dict();
    for (const [key, value] of this.entriesByHash.values()) made.set(key, value);
    return made;
  }
}

/** A text that is more than a str, as the str. */
export const plain = (value: Value): Value => (value instanceof PyObject ? (value.asString() ?? value) : value);

function hash(given: Value): string {
  const key = plain(given);
  if (typeof key === "string") return `s${key}`;
  const number = exactNumber(key);
  // A float that is a whole number is the same key as the int.
  if (number !== undefined) return `n${typeof number === "number" && Number.isInteger(number) ? BigInt(number) : number}`;
  if (key === null) return "none";
  if (key instanceof Tuple) return `t${key.map(hash).join("\u0000")}`;
  if (key instanceof PyObject) return `o${key.toText()}`;
  throw new PyError(`unhashable type: '${typeName(key)}'`);
}

/** The first that is there. `??` won't do: None is null, and a value. */
export function firstDefined<T>(...candidates: (T | undefined)[]): T | undefined {
  return candidates.find((candidate) => candidate !== undefined);
}

/** The number behind an int, float or bool; undefined for anything else. */
export function asNumber(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Float) return value.value;
  return undefined;
}

/** The same, an int beyond 2^53 as the bigint that it is: `<` and `>` compare the two kinds exactly. */
function exactNumber(value: Value): number | bigint | undefined {
  return typeof value === "bigint" ? value : asNumber(value);
}

export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" || typeof value === "bigint") return "int";
  if (typeof value === "function") return "function";
  if (value instanceof Float) return "float";
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof Tuple) return "tuple";
  if (Array.isArray(value)) return "list";
  if (value instanceof Dict) return "dict";
  return value.typeName();
}

export function truthy(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (typeof value === "string") return value !== "";
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Dict) return value.size > 0;
  if (value instanceof PyObject) return value.truthy();
  const number = asNumber(value);
  return number === undefined || number !== 0;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return Number.isInteger(value) ? `${Object.is(value, -0) ? "-0" : value}.0` : String(value);
}

/** Python's `str(value)`; an undefined value is the empty text. */
export function toText(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  return value instanceof PyObject ? value.toText() : repr(value);
}

/** Python's `repr(value)`. */
export function repr(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "string") return quote(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "function") return `<function ${value.name || "anonymous"}>`;
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof Tuple) return value.length === 1 ? `(${repr(value[0] ?? null)},)` : `(${value.map(repr).join(", ")})`;
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (value instanceof Dict)
    return `{${value
      .entries()
      .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
      .join(", ")}}`;
  return value.toRepr();
}

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replaceAll(mark, `\\${mark}`);
  return mark + escaped + mark;
}

export function equals(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (right instanceof PyObject && !(left instanceof PyObject)) return right.equals(left);
  const leftNumber = exactNumber(left);
  if (leftNumber !== undefined) {
    const rightNumber = exactNumber(right);
    return rightNumber !== undefined && leftNumber <= rightNumber && leftNumber >= rightNumber;
  }
  if (left instanceof Undefined) return right instanceof Undefined;
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left instanceof Tuple !== right instanceof Tuple || left.length !== right.length) return false;
    return left.every((item, index) => equals(item, right[index] ?? null));
  }
  if (left instanceof Dict) {
    if (!(right instanceof Dict) || left.size !== right.size) return false;
    return left.entries().every(([key, item]) => right.has(key) && equals(item, right.get(key) ?? null));
  }
  if (left instanceof PyObject) return left.equals(right);
  return false;
}

/** Negative, zero or positive; values without an order raise as in Python. */
export function compare(one: Value, other: Value, operator = "<"): number {
  const [left, right] = [plain(one), plain(other)];
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  const leftNumber = exactNumber(left);
  const rightNumber = exactNumber(right);
  if (leftNumber !== undefined && rightNumber !== undefined) return leftNumber < rightNumber ? -1 : leftNumber > rightNumber ? 1 : 0;
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.min(left.length, right.length); index++) {
      const item = left[index] ?? null;
      const opposite = right[index] ?? null;
      if (!equals(item, opposite)) return compare(item, opposite, operator);
    }
    return left.length - right.length;
  }
  if (left instanceof PyObject) {
    const order = left.compareTo(right);
    if (order !== undefined) return order;
  }
  throw new PyError(`'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
}

/** The items a `for` would see; raises for what cannot be iterated. */
export function iterate(value: Value): Value[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return [...value];
  if (value instanceof Dict) return value.keys();
  if (value instanceof Undefined) return [];
  if (value instanceof PyObject) {
    const items = value.iterate();
    if (items) return [...items];
  }
  throw new PyError(`'${typeName(value)}' object is not iterable`);
}

export function lengthOf(value: Value): number {
  if (typeof value === "string") return [...value].length;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof Undefined) return 0;
  if (value instanceof PyObject) {
    const length = value.length();
    if (length !== undefined) return length;
  }
  throw new PyError(`object of type '${typeName(value)}' has no len()`);
}

export function contains(container: Value, item: Value): boolean {
  if (typeof container === "string") {
    const part = plain(item);
    if (typeof part !== "string") throw new PyError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
    return container.includes(part);
  }
  if (container instanceof Dict) return container.has(item);
  if (container instanceof PyObject) {
    const has = container.has(item);
    if (has !== undefined) return has;
  }
  return iterate(container).some((candidate) => equals(candidate, item));
}

/** A value of JSON, YAML or a query as templates see it. */
export function fromJs(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isInteger(value) ? value : new Float(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(fromJs);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Dict || value instanceof Float || value instanceof Undefined || value instanceof PyObject) return value;
  if (typeof value === "object") {
    const dict = new Dict();
    for (const [key, item] of Object.entries(value)) dict.set(key, fromJs(item));
    return dict;
  }
  throw new PyError(`cannot use a ${typeof value} in a template`);
}

/** The other way: dicts become records, tuples arrays; objects become their text. */
export function toJs(value: Value): unknown {
  if (value instanceof Float) return value.value;
  if (value instanceof Undefined) return null;
  if (Array.isArray(value)) return Array.from(value, toJs);
  if (value instanceof Dict) return Object.fromEntries(value.entries().map(([key, item]) => [toText(key), toJs(item)]));
  if (value instanceof PyObject) return value.toText();
  if (typeof value === "function") return repr(value);
  return value;
}
