import { PyError, asNumber, plain, typeName, type Kwargs, type Value } from "./values.ts";

/** The arguments of one call to a built-in, by position or by name. */
export class CallArguments {
  private readonly owner: string;
  readonly args: Value[];
  readonly kwargs: Kwargs;

  constructor(owner: string, args: Value[], kwargs: Kwargs) {
    this.owner = owner;
    this.args = args;
    this.kwargs = kwargs;
  }

  optional(index: number, name: string): Value | undefined {
    return index < this.args.length ? this.args[index] : this.kwargs.get(name);
  }

  value(index: number, name: string, fallback?: Value): Value {
    const given = this.optional(index, name);
    if (given !== undefined) return given;
    if (fallback !== undefined) return fallback;
    throw new PyError(`${this.owner}() missing required argument: '${name}'`);
  }

  text(index: number, name: string, fallback?: string): string {
    const value = plain(this.value(index, name, fallback));
    if (typeof value !== "string") throw new PyError(`${this.owner}() argument '${name}' must be str, not ${typeName(value)}`);
    return value;
  }

  integer(index: number, name: string, fallback?: number): number {
    const value = this.value(index, name, fallback);
    const number = asNumber(value);
    if (number === undefined || !Number.isInteger(number))
      throw new PyError(`${this.owner}() argument '${name}' must be int, not ${typeName(value)}`);
    return number;
  }
}
