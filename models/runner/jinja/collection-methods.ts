import { CallArguments } from "./arguments.ts";
import { Dict, PyError, Tuple, compare, equals, firstDefined, iterate, repr, truthy, tuple, type Kwargs, type Value } from "./values.ts";

type Bound = (args: Value[], kwargs: Kwargs) => Value;

const position = (list: Value[], item: Value): number => {
  const at = list.findIndex((candidate) => equals(candidate, item));
  if (at < 0) throw new PyError(`${repr(item)} is not in list`);
  return at;
};

const listMethods: Record<string, (list: Value[], call: CallArguments) => Value> = {
  append: (list, call) => {
    list.push(call.value(0, "object"));
    return null;
  },
  extend: (list, call) => {
    list.push(...iterate(call.value(0, "iterable")));
    return null;
  },
  insert: (list, call) => {
    list.splice(call.integer(0, "index"), 0, call.value(1, "object"));
    return null;
  },
  pop: (list, call) => {
    const [item] = list.splice(call.integer(0, "index", -1), 1);
    if (item === undefined) throw new PyError(list.length === 0 ? "pop from empty list" : "pop index out of range");
    return item;
  },
  remove: (list, call) => {
    list.splice(position(list, call.value(0, "value")), 1);
    return null;
  },
  reverse: (list) => {
    list.reverse();
    return null;
  },
  sort: (list, call) => {
    list.sort((left, right) => compare(left, right));
    if (truthy(call.kwargs.get("reverse") ?? false)) list.reverse();
    return null;
  },
  clear: (list) => {
    list.length = 0;
    return null;
  },
  copy: (list) => [...list],
};

const sequenceMethods: Record<string, (list: Value[], call: CallArguments) => Value> = {
  index: (list, call) => position(list, call.value(0, "value")),
  count: (list, call) => list.filter((item) => equals(item, call.value(0, "value"))).length,
};

function update(dict: Dict, given: Value): void {
  if (given instanceof Dict) for (const [key, value] of given.entries()) dict.set(key, value);
  else
    for (const pair of iterate(given)) {
      const [key, value] = iterate(pair);
      dict.set(key ?? null, value ?? null);
    }
}

const dictMethods: Record<string, (dict: Dict, call: CallArguments) => Value> = {
  get: (dict, call) => firstDefined(dict.get(call.value(0, "key")), call.value(1, "default", null)) ?? null,
  keys: (dict) => dict.keys(),
  values: (dict) => dict.values(),
  items: (dict) => dict.entries().map((entry) => tuple(entry)),
  update: (dict, call) => {
    if (call.args[0] !== undefined) update(dict, call.args[0]);
    for (const [key, value] of call.kwargs) dict.set(key, value);
    return null;
  },
  pop: (dict, call) => {
    const key = call.value(0, "key");
    const value = firstDefined(dict.get(key), call.optional(1, "default"));
    if (value === undefined) throw new PyError(`KeyError: ${repr(key)}`);
    dict.delete(key);
    return value;
  },
  popitem: (dict) => {
    const entry = dict.entries().at(-1);
    if (!entry) throw new PyError("popitem(): dictionary is empty");
    dict.delete(entry[0]);
    return tuple(entry);
  },
  setdefault: (dict, call) => {
    const key = call.value(0, "key");
    if (!dict.has(key)) dict.set(key, call.value(1, "default", null));
    return dict.get(key) ?? null;
  },
  clear: (dict) => {
    dict.clear();
    return null;
  },
  copy: (dict) => dict.copy(),
};

const own = <T>(table: Record<string, T>, name: string): T | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);

/** The method of a list or tuple by name, bound to it. */
export function listMethod(list: Value[], name: string): Bound | undefined {
  const method = own(sequenceMethods, name) ?? (list instanceof Tuple ? undefined : own(listMethods, name));
  return method && ((args, kwargs) => method(list, new CallArguments(name, args, kwargs)));
}

/** The method of a dict by name, bound to it. */
export function dictMethod(dict: Dict, name: string): Bound | undefined {
  const method = own(dictMethods, name);
  return method && ((args, kwargs) => method(dict, new CallArguments(name, args, kwargs)));
}
