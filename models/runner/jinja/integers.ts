import { PyError, type Value } from "./values.ts";

/** Python's int: a number while it is exact, beyond that a bigint. */
export type Integer = number | bigint;

/** The int behind an int or bool; undefined for anything else. */
export function integerOf(value: Value): Integer | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return typeof value === "boolean" ? Number(value) : undefined;
}

/** A bigint as a number where that is exact. */
export function exactly(value: bigint): Integer {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The int that a float's whole part is. */
export const truncated = (value: number): Integer => {
  const whole = Math.trunc(value);
  return Number.isSafeInteger(whole) ? whole : exactly(BigInt(whole));
};

/** Digits as they stand in a template or a text, with Python's prefixes: `42`, `0x1A`, `0b11`. */
export function readInteger(digits: string): Integer {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : exactly(BigInt(digits));
}

/** `left operator right` of two ints; undefined where the result is a float: `/`, and `**` with a negative exponent. */
export function integerArithmetic(operator: string, left: Integer, right: Integer): Value | undefined {
  if (operator === "/" || (operator === "**" && right < 0)) return undefined;
  if ((operator === "//" || operator === "%") && Number(right) === 0) throw new PyError("division by zero");
  if (typeof left === "number" && typeof right === "number") {
    const result = small(operator, left, right);
    if (Number.isSafeInteger(result)) return result === 0 ? 0 : result;
  }
  return exactly(large(operator, BigInt(left), BigInt(right)));
}

function small(operator: string, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "**":
      return left ** right;
    case "%":
      return left - right * flooredQuotient(left, right);
    default:
      return flooredQuotient(left, right);
  }
}

/** Division may have rounded up to the next whole number; the remainder tells. */
function flooredQuotient(left: number, right: number): number {
  const quotient = Math.floor(left / right);
  const remainder = left - quotient * right;
  return remainder !== 0 && remainder < 0 !== right < 0 ? quotient - 1 : quotient;
}

/** More digits than these are a mistake, and would take the machine's memory. */
const mostBits = 1_000_000;

function large(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "**":
      if (left.toString(2).length * Number(right) > mostBits) throw new PyError("the result of ** has too many digits");
      return left ** right;
    case "//":
    case "%": {
      const cut = left / right;
      const remainder = left - cut * right;
      const isBelow = remainder !== 0n && remainder < 0n !== right < 0n;
      if (operator === "//") return isBelow ? cut - 1n : cut;
      return isBelow ? remainder + right : remainder;
    }
    default:
      throw new PyError(`unknown operator ${operator}`);
  }
}
