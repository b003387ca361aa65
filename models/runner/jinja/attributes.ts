import { dictMethod, listMethod } from "./collection-methods.ts";
import { macroAttribute } from "./macro-facts.ts";
import { itemOf } from "./operators.ts";
import { stringMethod } from "./string-methods.ts";
import { Dict, PyObject, Undefined, firstDefined, type Value } from "./values.ts";

/** A Python attribute or method of a value; undefined when it has none of the name. */
export function attributeOf(target: Value, name: string): Value | undefined {
  if (typeof target === "string") return stringMethod(target, name);
  if (typeof target === "function") return macroAttribute(target, name);
  if (Array.isArray(target)) return firstDefined(namedPart(target, name), listMethod(target, name));
  if (target instanceof Dict) return dictMethod(target, name);
  if (target instanceof PyObject) return target.attribute(name);
  return undefined;
}

/** Of a tuple whose parts have names: the pairs that `groupby` makes. */
const namedPart = (target: Value[], name: string): Value | undefined =>
  "grouper" in target && (name === "grouper" || name === "list") ? (Reflect.get(target, name) as Value) : undefined;

/** `target.name`: the attribute, else the item, as Jinja looks them up. */
export const getAttribute = (target: Value, name: string): Value | undefined =>
  firstDefined(attributeOf(target, name), itemOf(target, name));

/** `target[key]`: the item, else the attribute. */
export const getItem = (target: Value, key: Value): Value | undefined =>
  firstDefined(itemOf(target, key), typeof key === "string" ? attributeOf(target, key) : undefined);

/** `a.b.0`, as filters take attribute paths; undefined in Python's sense, or `fallback`, when there is nothing. */
export function valueAt(target: Value, path: Value, fallback?: Value): Value {
  const found = firstDefined(getPath(target, path), fallback);
  return found === undefined ? new Undefined(String(path)) : found;
}

function getPath(target: Value, path: Value): Value | undefined {
  if (typeof path !== "string") return getItem(target, path);
  let value: Value | undefined = target;
  for (const part of path.split(".")) {
    if (value === undefined) return undefined;
    value = getItem(value, /^\d+$/.test(part) ? Number(part) : part);
  }
  return value;
}
