import type { Value } from "./values.ts";

/** Thrown by `return(value)`, caught where the macro was called. */
export class MacroReturn {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}
