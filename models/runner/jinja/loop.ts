import { PyError, PyObject, Undefined, equals, tuple, type Kwargs, type Value } from "./values.ts";

/** The `loop` variable of a `for`. */
export class Loop extends PyObject {
  private readonly items: Value[];
  private readonly depth: number;
  private readonly recurse: ((items: Value, depth: number) => Promise<Value>) | undefined;
  private changedBefore: Value | undefined;
  index0 = 0;

  constructor(items: Value[], depth: number, recurse?: (items: Value, depth: number) => Promise<Value>) {
    super();
    this.items = items;
    this.depth = depth;
    this.recurse = recurse;
  }

  attribute(name: string): Value | undefined {
    const { length } = this.items;
    switch (name) {
      case "index":
        return this.index0 + 1;
      case "index0":
        return this.index0;
      case "revindex":
        return length - this.index0;
      case "revindex0":
        return length - this.index0 - 1;
      case "first":
        return this.index0 === 0;
      case "last":
        return this.index0 === length - 1;
      case "length":
        return length;
      case "depth":
        return this.depth + 1;
      case "depth0":
        return this.depth;
      case "previtem":
        return this.index0 === 0 ? new Undefined("there is no previous item") : (this.items[this.index0 - 1] ?? null);
      case "nextitem":
        return this.index0 === length - 1 ? new Undefined("there is no next item") : (this.items[this.index0 + 1] ?? null);
      case "cycle":
        return (args) => args[this.index0 % args.length] ?? null;
      case "changed":
        return (args) => {
          const now = tuple(args);
          const changed = this.changedBefore === undefined || !equals(this.changedBefore, now);
          this.changedBefore = now;
          return changed;
        };
      default:
        return undefined;
    }
  }

  override call(args: Value[], _kwargs: Kwargs): Value | Promise<Value> {
    if (!this.recurse) throw new PyError("The loop must have the 'recursive' marker to be called recursively.");
    return this.recurse(args[0] ?? [], this.depth + 1);
  }

  toText(): string {
    return `<LoopContext ${this.index0 + 1}/${this.items.length}>`;
  }
}
