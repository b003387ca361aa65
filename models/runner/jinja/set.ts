import { Dict, PyError, PyObject, iterate, repr, type Value } from "./values.ts";

/** Python's set; it keeps the order of insertion, so that what it renders is the same every time. */
export class PySet extends PyObject {
  private readonly members = new Dict();

  constructor(items: Iterable<Value>) {
    super();
    for (const item of items) this.members.set(item, true);
  }
  override typeName(): string {
    return "set";
  }
  override iterate(): Value[] {
    return this.members.keys();
  }
  override length(): number {
    return this.members.size;
  }
  override truthy(): boolean {
    return this.members.size > 0;
  }
  override has(item: Value): boolean {
    return this.members.has(item);
  }
  override equals(other: Value): boolean {
    return other instanceof PySet && other.length() === this.length() && other.iterate().every((item) => this.has(item));
  }
  override compareTo(other: Value): number | undefined {
    if (!(other instanceof PySet)) return undefined;
    if (this.equals(other)) return 0;
    return this.iterate().every((item) => other.has(item)) ? -1 : 1;
  }
  override operate(operator: string, other: Value, isRight: boolean): Value | undefined {
    return operator === "-" && other instanceof PySet && !isRight ? this.without(other) : undefined;
  }
  private without(other: PySet): PySet {
    return new PySet(this.iterate().filter((item) => !other.has(item)));
  }
  attribute(name: string): Value | undefined {
    const given = (args: Value[]): PySet[] => args.map((arg) => (arg instanceof PySet ? arg : new PySet(iterate(arg))));
    switch (name) {
      case "add":
        return (args) => {
          this.members.set(args[0] ?? null, true);
          return null;
        };
      case "update":
        return (args) => {
          for (const other of given(args)) for (const item of other.iterate()) this.members.set(item, true);
          return null;
        };
      case "remove":
      case "discard":
        return (args) => {
          if (!this.members.delete(args[0] ?? null) && name === "remove") throw new PyError(`KeyError: ${repr(args[0] ?? null)}`);
          return null;
        };
      case "clear":
        return () => {
          this.members.clear();
          return null;
        };
      case "copy":
        return () => new PySet(this.iterate());
      case "union":
        return (args) => new PySet([...this.iterate(), ...given(args).flatMap((other) => other.iterate())]);
      case "intersection":
        return (args) => new PySet(this.iterate().filter((item) => given(args).every((other) => other.has(item))));
      case "difference":
        return (args) => given(args).reduce((rest: PySet, other) => rest.without(other), this);
      case "symmetric_difference":
        return (args) => {
          const [other = new PySet([])] = given(args);
          return new PySet([...this.without(other).iterate(), ...other.without(this).iterate()]);
        };
      case "issubset":
        return (args) => this.iterate().every((item) => given(args)[0]?.has(item));
      case "issuperset":
        return (args) => given(args).every((other) => other.iterate().every((item) => this.has(item)));
      case "isdisjoint":
        return (args) => given(args).every((other) => !other.iterate().some((item) => this.has(item)));
      default:
        return undefined;
    }
  }
  toText(): string {
    return this.members.size === 0 ? "set()" : `{${this.iterate().map(repr).join(", ")}}`;
  }
}
