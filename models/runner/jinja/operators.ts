import { formatPercent } from "./format.ts";
import { integerArithmetic, integerOf } from "./integers.ts";
import {
  PyError,
  PyObject,
  Dict,
  Float,
  Tuple,
  Undefined,
  asNumber,
  compare,
  contains,
  equals,
  lengthOf,
  plain,
  toText,
  tuple,
  typeName,
  type Value,
} from "./values.ts";

/** Python's arithmetic and concatenation. */
export function binary(operator: string, left: Value, right: Value): Value {
  if (operator === "~") return toText(left) + toText(right);
  if (operator === "+") {
    if (typeof left === "string" && typeof right === "string") return left + right;
    if (Array.isArray(left) && Array.isArray(right) && left instanceof Tuple === right instanceof Tuple) {
      return left instanceof Tuple ? tuple([...left, ...right]) : [...left, ...right];
    }
  }
  if (operator === "*") {
    const times = typeof right === "number" ? right : typeof left === "number" ? left : undefined;
    const repeated = typeof right === "number" ? left : right;
    if (times !== undefined && typeof repeated === "string") return repeated.repeat(Math.max(0, times));
    if (times !== undefined && Array.isArray(repeated)) {
      const items = Array.from({ length: Math.max(0, times) }, () => [...repeated]).flat();
      return repeated instanceof Tuple ? tuple(items) : items;
    }
  }
  if (operator === "%" && typeof left === "string") return formatPercent(left, right);
  const own = left instanceof PyObject ? left.operate(operator, right, false) : undefined;
  if (own !== undefined) return own;
  const reversed = right instanceof PyObject ? right.operate(operator, left, true) : undefined;
  if (reversed !== undefined) return reversed;
  const leftInteger = integerOf(left);
  const rightInteger = leftInteger === undefined ? undefined : integerOf(right);
  if (leftInteger !== undefined && rightInteger !== undefined) {
    const result = integerArithmetic(operator, leftInteger, rightInteger);
    if (result !== undefined) return result;
  }
  const first = asNumber(left);
  const second = asNumber(right);
  if (first === undefined || second === undefined) {
    const undefinedOne = left instanceof Undefined ? left : right instanceof Undefined ? right : undefined;
    if (undefinedOne) throw new PyError(`'${undefinedOne.name}' is undefined`);
    if (operator === "+" && typeof left === "string") throw new PyError(`can only concatenate str (not "${typeName(right)}") to str`);
    throw new PyError(`unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`);
  }
  if ((operator === "/" || operator === "//" || operator === "%") && second === 0) throw new PyError("division by zero");
  return new Float(arithmetic(operator, first, second));
}

function arithmetic(operator: string, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "//":
      return Math.floor(left / right);
    case "%":
      return left - right * Math.floor(left / right);
    case "**":
      return left ** right;
    default:
      throw new PyError(`unknown operator ${operator}`);
  }
}

export function comparison(operator: string, left: Value, right: Value): boolean {
  switch (operator) {
    case "==":
      return equals(left, right);
    case "!=":
      return !equals(left, right);
    case "<":
      return compare(left, right, operator) < 0;
    case "<=":
      return compare(left, right, operator) <= 0;
    case ">":
      return compare(left, right, operator) > 0;
    case ">=":
      return compare(left, right, operator) >= 0;
    case "in":
      return contains(right, left);
    default:
      return !contains(right, left);
  }
}

/** `target[key]` of a container; undefined when there is no such item. */
export function itemOf(target: Value, key: Value): Value | undefined {
  if (target instanceof Dict) return target.get(key);
  if (target instanceof PyObject) return target.item(key);
  const index = typeof key === "number" ? key : undefined;
  if (index === undefined) return undefined;
  if (Array.isArray(target)) return target.at(index);
  if (typeof target === "string") return [...target].at(index);
  return undefined;
}

/** `target[from:to:step]` with Python's rules for negative and missing bounds. */
export function slice(given: Value, from: Value, to: Value, step: Value): Value {
  const target = plain(given);
  if (typeof target !== "string" && !Array.isArray(target)) throw new PyError(`'${typeName(target)}' object cannot be sliced`);
  const items: Value[] = typeof target === "string" ? [...target] : target;
  const length = lengthOf(target);
  const by = step === null ? 1 : (asNumber(step) ?? Number.NaN);
  if (!Number.isInteger(by)) throw new PyError("slice indices must be integers or None");
  if (by === 0) throw new PyError("slice step cannot be zero");
  const bound = (value: Value, fallback: number): number => {
    if (value === null) return fallback;
    const number = asNumber(value);
    if (number === undefined || !Number.isInteger(number)) throw new PyError("slice indices must be integers or None");
    const absolute = number < 0 ? number + length : number;
    return by > 0 ? Math.min(Math.max(absolute, 0), length) : Math.min(Math.max(absolute, -1), length - 1);
  };
  const start = bound(from, by > 0 ? 0 : length - 1);
  const end = bound(to, by > 0 ? length : -1);
  const picked: Value[] = [];
  for (let index = start; by > 0 ? index < end : index > end; index += by) picked.push(items[index] ?? null);
  if (typeof target === "string") return picked.map(toText).join("");
  return target instanceof Tuple ? tuple(picked) : picked;
}
