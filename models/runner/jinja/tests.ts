import { Markup } from "./markup.ts";
import { binary, comparison } from "./operators.ts";
import { Dict, Float, PyError, PyObject, Undefined, asNumber, toText, typeName, type Value } from "./values.ts";

export type Test = (value: Value, args: Value[]) => boolean;

/** Whether dividing leaves exactly this. */
function leaves(value: Value, divisor: Value, remainder: number): boolean {
  for (const part of [value, divisor]) if (asNumber(part) === undefined) throw new PyError(`a number is needed, not ${typeName(part)}`);
  return comparison("==", binary("%", value, divisor), remainder);
}
const against =
  (operator: string): Test =>
  (value, args) =>
    comparison(operator, value, args[0] ?? null);
const isIterable = (value: Value): boolean =>
  typeof value === "string" ||
  Array.isArray(value) ||
  value instanceof Dict ||
  value instanceof Undefined ||
  (value instanceof PyObject && value.iterate() !== undefined);

/** Jinja's tests: `x is name`. `filter` and `test`, which ask about names, are answered by the evaluator. */
export const tests: Record<string, Test> = {
  boolean: (value) => typeof value === "boolean",
  callable: (value) => typeof value === "function" || (value instanceof PyObject && value.call !== PyObject.prototype.call),
  defined: (value) => !(value instanceof Undefined),
  divisibleby: (value, args) => leaves(value, args[0] ?? null, 0),
  escaped: (value) => value instanceof Markup,
  even: (value) => leaves(value, 2, 0),
  false: (value) => value === false,
  float: (value) => value instanceof Float,
  integer: (value) => typeof value === "number" || typeof value === "bigint",
  iterable: isIterable,
  lower: (value) => toText(value) === toText(value).toLowerCase(),
  mapping: (value) => value instanceof Dict || (value instanceof PyObject && value.isMapping()),
  none: (value) => value === null,
  number: (value) => asNumber(value) !== undefined,
  odd: (value) => leaves(value, 2, 1),
  sameas: (value, args) => value === (args[0] ?? null),
  sequence: (value) => typeof value === "string" || Array.isArray(value) || value instanceof Dict,
  string: (value) => typeof value === "string",
  true: (value) => value === true,
  undefined: (value) => value instanceof Undefined,
  upper: (value) => toText(value) === toText(value).toUpperCase(),
  eq: against("=="),
  equalto: against("=="),
  ne: against("!="),
  lt: against("<"),
  lessthan: against("<"),
  le: against("<="),
  gt: against(">"),
  greaterthan: against(">"),
  ge: against(">="),
  in: against("in"),
};
