import { CallArguments } from "./arguments.ts";
import { exactly, integerOf } from "./integers.ts";
import { lipsum } from "./lipsum.ts";
import { Dict, PyError, PyObject, iterate, repr, typeName, type Callable, type Kwargs, type Value } from "./values.ts";

/** `namespace(a=1)`: the one object whose attributes `set` may assign. */
class Namespace extends PyObject {
  private readonly attributes = new Map<string, Value>();
  constructor(args: Value[], kwargs: Kwargs) {
    super();
    if (args[0] instanceof Dict) for (const [key, value] of args[0].entries()) this.attributes.set(String(key), value);
    for (const [key, value] of kwargs) this.attributes.set(key, value);
  }
  attribute(name: string): Value | undefined {
    return this.attributes.get(name);
  }
  override item(key: Value): Value | undefined {
    return typeof key === "string" ? this.attributes.get(key) : undefined;
  }
  override setAttribute(name: string, value: Value): void {
    this.attributes.set(name, value);
  }
  toText(): string {
    return `<Namespace ${repr(Dict.of(Object.fromEntries(this.attributes)))}>`;
  }
}

class Cycler extends PyObject {
  private readonly items: Value[];
  private position = 0;
  constructor(items: Value[]) {
    super();
    this.items = items;
  }
  attribute(name: string): Value | undefined {
    if (name === "current") return this.items[this.position] ?? null;
    if (name === "next")
      return () => {
        const item = this.items[this.position] ?? null;
        this.position = (this.position + 1) % this.items.length;
        return item;
      };
    if (name === "reset")
      return () => {
        this.position = 0;
        return null;
      };
    return undefined;
  }
  toText(): string {
    return "<Cycler>";
  }
}

function joiner(args: Value[], kwargs: Kwargs): Callable {
  const separator = new CallArguments("joiner", args, kwargs).value(0, "sep", ", ");
  let used = false;
  return () => {
    const text = used ? separator : "";
    used = true;
    return text;
  };
}

function range(args: Value[], kwargs: Kwargs): Value[] {
  const call = new CallArguments("range", args, kwargs);
  if (args.some((bound) => typeof bound === "bigint")) return largeRange(args);
  const one = args.length === 1;
  const start = one ? 0 : call.integer(0, "start");
  const stop = one ? call.integer(0, "stop") : call.integer(1, "stop");
  const step = call.integer(2, "step", 1);
  if (step === 0) throw new PyError("range() arg 3 must not be zero");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > 1_000_000) throw new PyError(`range() of ${length} numbers is too big for a template`);
  return Array.from({ length }, (_, index) => start + index * step);
}

function largeRange(args: Value[]): Value[] {
  const [start = 0n, stop = 0n, step = 1n] = (args.length === 1 ? [0, ...args] : args).map((bound) => {
    const integer = integerOf(bound);
    if (integer === undefined) throw new PyError(`'${typeName(bound)}' object cannot be interpreted as an integer`);
    return BigInt(integer);
  });
  if (step === 0n) throw new PyError("range() arg 3 must not be zero");
  if ((stop - start) / step > 1_000_000n) throw new PyError("this range() is too big for a template");
  const numbers: Value[] = [];
  for (let next = start; step > 0n ? next < stop : next > stop; next += step) numbers.push(exactly(next));
  return numbers;
}

/** What every template can call without a host's doing. */
export const builtins: Record<string, Callable> = {
  range,
  namespace: (args, kwargs) => new Namespace(args, kwargs),
  cycler: (args) => new Cycler(args),
  joiner,
  lipsum,
  dict: (args, kwargs) => {
    const made = new Dict();
    if (args[0] instanceof Dict) for (const [key, value] of args[0].entries()) made.set(key, value);
    else if (args[0] !== undefined)
      for (const pair of iterate(args[0])) {
        const [key, value] = iterate(pair);
        made.set(key ?? null, value ?? null);
      }
    for (const [key, value] of kwargs) made.set(key, value);
    return made;
  },
};
