import { TemplateError } from "./errors.ts";
import { readInteger } from "./integers.ts";
import type { Token, TokenType } from "./lexer.ts";
import type { Argument, Expression, FilterCall } from "./syntax.ts";

/** Binding powers of the binary operators, as Jinja's grammar nests them. */
const powers: Record<string, number> = { or: 1, and: 2, "+": 5, "-": 5, "~": 6, "*": 7, "/": 7, "//": 7, "%": 7, "**": 8 };
const notPower = 3;
const comparePower = 4;
const comparisons = new Set(["==", "!=", "<", "<=", ">", ">="]);
const constants: Record<string, null | boolean> = { true: true, True: true, false: false, False: false, none: null, None: null };
/** Words that end a test's bare argument: `x is divisibleby 3 and y`. */
const notAnArgument = new Set(["else", "or", "and", "if", "in", "not", "is", "recursive"]);

/** A Pratt parser over one token list; the statement parser builds on it. */
export class ExpressionParser {
  protected position = 0;
  protected readonly tokens: readonly Token[];
  protected readonly file: string;
  protected readonly source: string;

  constructor(tokens: readonly Token[], file: string, source: string) {
    this.tokens = tokens;
    this.file = file;
    this.source = source;
  }

  protected get current(): Token {
    return this.tokens[this.position] ?? { type: "end", value: "", line: 0 };
  }

  protected fail(reason: string, line = this.current.line): never {
    throw new TemplateError(reason, { file: this.file, line, source: this.source });
  }

  protected is(type: TokenType, value?: string, ahead = 0): boolean {
    const token = this.tokens[this.position + ahead];
    return token !== undefined && token.type === type && (value === undefined || token.value === value);
  }

  protected accept(type: TokenType, value?: string): Token | undefined {
    if (!this.is(type, value)) return undefined;
    const token = this.current;
    this.position++;
    return token;
  }

  protected expect(type: TokenType, value?: string): Token {
    const token = this.accept(type, value);
    if (token) return token;
    const found = this.current.type === "end" ? "the end of the template" : `"${this.current.value}"`;
    return this.fail(`expected ${value ? `"${value}"` : `a ${type}`} and found ${found}`);
  }

  /** An expression with the `a if b else c` form. */
  parseExpression(): Expression {
    const value = this.parseBinary(0);
    if (!this.accept("name", "if")) return value;
    const test = this.parseBinary(0);
    const otherwise = this.accept("name", "else") ? this.parseExpression() : undefined;
    return { kind: "condition", test, value, otherwise };
  }

  /** One expression, or several with commas between: a tuple. `stop` is a word that ends it (`in`'s right side before `if`). */
  parseTuple(parseItem: () => Expression = () => this.parseExpression()): Expression {
    const first = parseItem();
    if (!this.is("operator", ",")) return first;
    const items = [first];
    while (this.accept("operator", ",")) {
      if (this.atEndOfTuple()) break;
      items.push(parseItem());
    }
    return { kind: "tuple", items };
  }

  private atEndOfTuple(): boolean {
    return (
      this.is("block-end") ||
      this.is("output-end") ||
      this.is("operator", ")") ||
      this.is("operator", "]") ||
      this.is("operator", "=") ||
      this.is("end")
    );
  }

  parseBinary(minimum: number): Expression {
    let left: Expression;
    const { line } = this.current;
    if (this.is("name", "not") && minimum <= notPower) {
      this.position++;
      left = { kind: "not", value: this.parseBinary(notPower) };
    } else left = this.parseUnary(true);
    for (;;) {
      const operator = this.current.type === "operator" || this.current.type === "name" ? this.current.value : "";
      if (minimum <= comparePower && this.atComparison()) {
        left = this.parseComparison(left);
        continue;
      }
      const power = powers[operator];
      if (power === undefined || power < minimum || (this.current.type === "name") !== (operator === "and" || operator === "or"))
        return left;
      this.position++;
      const right = this.parseBinary(power + 1);
      if (operator === "and" || operator === "or") left = { kind: operator, left, right };
      else left = { kind: "binary", operator, left, right, line };
    }
  }

  private atComparison(): boolean {
    if (this.current.type === "operator") return comparisons.has(this.current.value);
    return this.is("name", "in") || (this.is("name", "not") && this.is("name", "in", 1));
  }

  private parseComparison(first: Expression): Expression {
    const { line } = this.current;
    const rest: { operator: string; value: Expression }[] = [];
    while (this.atComparison()) {
      let operator = this.current.value;
      this.position++;
      if (operator === "not") {
        this.expect("name", "in");
        operator = "not in";
      }
      rest.push({ operator, value: this.parseBinary(comparePower + 1) });
    }
    return { kind: "compare", first, rest, line };
  }

  private parseUnary(withFilter: boolean): Expression {
    let node: Expression;
    if (this.accept("operator", "-")) node = { kind: "negate", value: this.parseUnary(false) };
    else if (this.accept("operator", "+")) node = { kind: "plus", value: this.parseUnary(false) };
    else node = this.parsePrimary();
    node = this.parsePostfix(node);
    return withFilter ? this.parseFilters(node) : node;
  }

  private parsePrimary(): Expression {
    const token = this.current;
    this.position++;
    if (token.type === "name") {
      const constant = constants[token.value];
      if (constant !== undefined) return { kind: "literal", value: constant };
      return { kind: "name", name: token.value, line: token.line };
    }
    if (token.type === "string") {
      let text = token.value;
      for (let next = this.accept("string"); next; next = this.accept("string")) text += next.value;
      return { kind: "literal", value: text };
    }
    if (token.type === "integer") return { kind: "literal", value: readInteger(token.value) };
    if (token.type === "float") return { kind: "literal", value: Number(token.value), isFloat: true };
    if (token.type === "operator" && token.value === "(") {
      if (this.accept("operator", ")")) return { kind: "tuple", items: [] };
      const inner = this.parseTuple();
      this.expect("operator", ")");
      return inner;
    }
    if (token.type === "operator" && token.value === "[") {
      const items: Expression[] = [];
      while (!this.accept("operator", "]")) {
        items.push(this.parseExpression());
        if (!this.is("operator", "]")) this.expect("operator", ",");
      }
      return { kind: "list", items };
    }
    if (token.type === "operator" && token.value === "{") {
      const entries: [Expression, Expression][] = [];
      while (!this.accept("operator", "}")) {
        const key = this.parseExpression();
        this.expect("operator", ":");
        entries.push([key, this.parseExpression()]);
        if (!this.is("operator", "}")) this.expect("operator", ",");
      }
      return { kind: "dict", entries };
    }
    this.position--;
    return this.fail(token.type === "end" ? "the template ends in the middle of an expression" : `unexpected "${token.value}"`);
  }

  protected parsePostfix(start: Expression): Expression {
    let node = start;
    for (;;) {
      const { line } = this.current;
      if (this.accept("operator", ".")) {
        const index = this.accept("integer");
        if (index) node = { kind: "item", target: node, key: { kind: "literal", value: Number(index.value) }, line };
        else node = { kind: "attribute", target: node, name: this.expect("name").value, line };
      } else if (this.accept("operator", "[")) node = this.parseSubscript(node, line);
      else if (this.is("operator", "(")) node = { kind: "call", target: node, args: this.parseArguments(), line };
      else return node;
    }
  }

  private parseSubscript(target: Expression, line: number): Expression {
    const bound = (): Expression | undefined => (this.is("operator", ":") || this.is("operator", "]") ? undefined : this.parseExpression());
    const from = bound();
    if (this.accept("operator", ":")) {
      const to = bound();
      const step = this.accept("operator", ":") ? bound() : undefined;
      this.expect("operator", "]");
      return { kind: "slice", target, ...(from && { from }), ...(to && { to }), ...(step && { step }) };
    }
    if (!from) return this.fail("an index is missing");
    const keys = [from];
    while (this.accept("operator", ",")) keys.push(this.parseExpression());
    this.expect("operator", "]");
    return { kind: "item", target, key: keys.length === 1 ? from : { kind: "tuple", items: keys }, line };
  }

  protected parseArguments(): Argument[] {
    this.expect("operator", "(");
    const args: Argument[] = [];
    while (!this.accept("operator", ")")) {
      if (this.accept("operator", "**")) args.push({ kind: "spread-named", name: "", value: this.parseExpression() });
      else if (this.accept("operator", "*")) args.push({ kind: "spread", name: "", value: this.parseExpression() });
      else if (this.is("name") && this.is("operator", "=", 1)) {
        const name = this.expect("name").value;
        this.position++;
        args.push({ kind: "named", name, value: this.parseExpression() });
      } else {
        if (args.some((argument) => argument.kind === "named")) this.fail("a positional argument stands after a named one");
        args.push({ kind: "position", name: "", value: this.parseExpression() });
      }
      if (!this.is("operator", ")")) this.expect("operator", ",");
    }
    return args;
  }

  /** `| filter(args)` and `is test args`, which bind tighter than any operator. */
  protected parseFilters(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.is("operator", "|")) {
        const [filter] = this.parseFilterChain(1);
        if (filter) node = { kind: "filter", value: node, ...filter };
      } else if (this.is("name", "is")) node = this.parseTest(node);
      else if (this.is("operator", "(")) node = this.parsePostfix(node);
      else return node;
    }
  }

  /** Reads up to `most` filters, each with its `|` before it. */
  protected parseFilterChain(most = Number.POSITIVE_INFINITY): FilterCall[] {
    const filters: FilterCall[] = [];
    while (filters.length < most && this.accept("operator", "|")) filters.push(this.parseFilterCall());
    return filters;
  }

  protected parseFilterCall(): FilterCall {
    const { value: name, line } = this.expect("name");
    return { name, args: this.is("operator", "(") ? this.parseArguments() : [], line };
  }

  private parseTest(value: Expression): Expression {
    const { line } = this.expect("name", "is");
    const negated = this.accept("name", "not") !== undefined;
    const name = this.expect("name").value;
    let args: Argument[] = [];
    if (this.is("operator", "(")) args = this.parseArguments();
    else if (this.startsArgument()) args = [{ kind: "position", name: "", value: this.parsePostfix(this.parsePrimary()) }];
    return { kind: "test", value, name, args, negated, line };
  }

  private startsArgument(): boolean {
    const { type, value } = this.current;
    if (type === "string" || type === "integer" || type === "float") return true;
    if (type === "name") return !notAnArgument.has(value);
    return type === "operator" && (value === "[" || value === "{");
  }
}
