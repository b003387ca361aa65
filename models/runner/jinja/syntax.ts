/** The syntax tree. `line` is where a reader would look for a fault. */

export type Expression =
  | { kind: "literal"; value: null | boolean | number | bigint | string; isFloat?: true }
  | { kind: "name"; name: string; line: number }
  | { kind: "list" | "tuple"; items: Expression[] }
  | { kind: "dict"; entries: [Expression, Expression][] }
  | { kind: "binary"; operator: string; left: Expression; right: Expression; line: number }
  | { kind: "compare"; first: Expression; rest: { operator: string; value: Expression }[]; line: number }
  | { kind: "and" | "or"; left: Expression; right: Expression }
  | { kind: "not"; value: Expression }
  | { kind: "negate" | "plus"; value: Expression }
  | { kind: "condition"; test: Expression; value: Expression; otherwise: Expression | undefined }
  | { kind: "attribute"; target: Expression; name: string; line: number }
  | { kind: "item"; target: Expression; key: Expression; line: number }
  | { kind: "slice"; target: Expression; from?: Expression; to?: Expression; step?: Expression }
  | { kind: "call"; target: Expression; args: Argument[]; line: number }
  | { kind: "filter"; value: Expression; name: string; args: Argument[]; line: number }
  | { kind: "test"; value: Expression; name: string; args: Argument[]; negated: boolean; line: number };

export interface Argument {
  kind: "position" | "spread" | "named" | "spread-named";
  name: string;
  value: Expression;
}

export interface Parameter {
  name: string;
  default: Expression | undefined;
}

/** A name, `namespace.name`, or several of them in a tuple. */
export type Target =
  { kind: "name"; name: string } | { kind: "attribute"; object: string; name: string } | { kind: "tuple"; items: Target[] };

export type Statement =
  | { kind: "text"; text: string }
  | { kind: "output"; value: Expression; line: number }
  | { kind: "if"; branches: { test: Expression; body: Statement[] }[]; otherwise: Statement[]; line: number }
  | {
      kind: "for";
      target: Target;
      items: Expression;
      filter: Expression | undefined;
      recursive: boolean;
      body: Statement[];
      otherwise: Statement[];
      line: number;
    }
  | { kind: "break" | "continue"; line: number }
  | { kind: "autoescape"; isOn: Expression; body: Statement[]; line: number }
  | { kind: "print"; values: Expression[]; line: number }
  | BlockStatement
  | { kind: "set"; target: Target; value: Expression; line: number }
  | { kind: "set-block"; target: Target; filters: FilterCall[]; body: Statement[]; line: number }
  | { kind: "do"; value: Expression; line: number }
  | MacroStatement
  | { kind: "call"; call: Expression; parameters: Parameter[]; body: Statement[]; line: number }
  | { kind: "filter-block"; filters: FilterCall[]; body: Statement[]; line: number }
  | { kind: "with"; bindings: { target: Target; value: Expression }[]; body: Statement[]; line: number };

export interface MacroStatement {
  kind: "macro";
  name: string;
  parameters: Parameter[];
  body: Statement[];
  line: number;
}

/** `{% block name %}`: with `scoped` it sees the names set around it, else those of the template. */
export interface BlockStatement {
  kind: "block";
  name: string;
  scoped: boolean;
  required: boolean;
  body: Statement[];
  line: number;
}

export interface FilterCall {
  name: string;
  args: Argument[];
  line: number;
}

export interface Template {
  file: string;
  source: string;
  body: Statement[];
  blocks: ReadonlyMap<string, BlockStatement>;
}
