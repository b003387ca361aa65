import { readInteger } from "./integers.ts";
import { Float, fromJs, type Value } from "./values.ts";

/** JSON as Python reads it: `1.0` is a float, an int is exact however long. Raises SyntaxError. */
export function parseJson(text: string): Value {
  const asPython = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    if (typeof value !== "number" || context?.source === undefined) return value;
    const { source } = context;
    if (/[.eE]/.test(source)) return new Float(value);
    return source.startsWith("-") ? negative(readInteger(source.slice(1))) : readInteger(source);
  };
  return fromJs(JSON.parse(text, asPython));
}

const negative = (value: number | bigint): number | bigint => (typeof value === "bigint" || value !== 0 ? -value : 0);
