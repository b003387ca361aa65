import { PyObject, type Value } from "./jinja/index.ts";

/** A record of functions and values as an object with attributes: `api`, `exceptions`, `adapter`. */
export class Namespace extends PyObject {
  private readonly name: string;
  private readonly members: Record<string, Value>;
  constructor(name: string, members: Record<string, Value>) {
    super();
    this.name = name;
    this.members = members;
  }
  attribute(name: string): Value | undefined {
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }
  toText(): string {
    return `<${this.name}>`;
  }
}
