/** Thrown by `{% break %}` and `{% continue %}`, caught by the loop around; carries what the body has written so far. */
export class LoopControl {
  readonly kind: "break" | "continue";
  text = "";
  constructor(kind: "break" | "continue") {
    this.kind = kind;
  }
}
