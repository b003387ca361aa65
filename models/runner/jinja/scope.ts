import { fromJs, type Callable, type Value } from "./values.ts";

/** What the host gives to every template: a name's value, or undefined. */
export interface Globals {
  lookup(name: string): Value | undefined;
  /** A suggestion for a call of a name that is not there, or nothing; `owner` is `package` in `package.name()`. */
  explainMissing?(name: string, owner: string | null): string;
}
/** Names set so far; inner scopes see outer ones, assignments stay in their own. */
export class Scope {
  private readonly names = new Map<string, Value>();
  private readonly parent: Scope | undefined;
  private readonly globals: Globals | undefined;
  constructor(parent: Scope | undefined, globals?: Globals) {
    this.parent = parent;
    this.globals = globals;
  }
  get(name: string): Value | undefined {
    const own = this.names.get(name);
    if (own !== undefined) return own;
    return this.parent ? this.parent.get(name) : this.globals?.lookup(name);
  }
  explainMissing(name: string, owner: string | null): string {
    return this.parent ? this.parent.explainMissing(name, owner) : (this.globals?.explainMissing?.(name, owner) ?? "");
  }
  set(name: string, value: Value): void {
    this.names.set(name, value);
  }
}
/** Globals from a plain record of JavaScript values and functions. */
export function globalsOf(record: Record<string, unknown>): Globals {
  const values = new Map(
    Object.entries(record).map(([name, value]) => [name, typeof value === "function" ? (value as Callable) : fromJs(value)]),
  );
  return { lookup: (name) => values.get(name) };
}
