import { PyObject, type Callable, type Value } from "./values.ts";

/** `self`: the template's blocks, to be written again: `{{ self.title() }}`. */
export class TemplateReference extends PyObject {
  private readonly block: (name: string) => Callable | undefined;
  constructor(block: (name: string) => Callable | undefined) {
    super();
    this.block = block;
  }
  attribute(name: string): Value | undefined {
    return this.block(name);
  }
  override item(key: Value): Value | undefined {
    return typeof key === "string" ? this.block(key) : undefined;
  }
  toText(): string {
    return "<TemplateReference None>";
  }
}
