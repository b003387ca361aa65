import { ExpressionParser } from "./expression-parser.ts";
import { tokenize } from "./lexer.ts";
import type { BlockStatement, Expression, MacroStatement, Parameter, Statement, Target, Template } from "./syntax.ts";

/** Reads a template; raises TemplateError with file, line and the source around. */
export function parseTemplate(source: string, file: string): Template {
  const parser = new StatementParser(tokenize(source, file), file, source);
  const body = parser.parseAll();
  return { file, source, body, blocks: parser.blocks };
}

/** Statements of Jinja that dbt does not have, and what does the same. */
const withoutDbt: Record<string, string> = {
  extends: "it needs a template loader, and dbt has none: put what is shared in a macro, and call it with {% call name() %}",
  include: "it needs a template loader, and dbt has none: put the text in a macro and call it: {{ name() }}",
  import: "it needs a template loader, and dbt has none: macros are there without, a package's as package.name()",
  from: "it needs a template loader, and dbt has none: macros are there without, a package's as package.name()",
  trans: "dbt does not have Jinja's translations: write the text itself",
  debug: "dbt does not have Jinja's debug extension: {{ log(value, info=true) }} shows a value",
};

class StatementParser extends ExpressionParser {
  readonly blocks = new Map<string, BlockStatement>();
  /** How many loops are open in the macro, call or block being read. */
  private loops = 0;

  parseAll(): Statement[] {
    const body = this.parseBody([], undefined);
    if (!this.is("end")) this.fail(`unexpected "${this.current.value}"`);
    return body;
  }

  /** Statements up to (not including) one of the closing words; the block's opening tag has been read up to the word. */
  private parseBody(closing: readonly string[], opened: { name: string; line: number } | undefined): Statement[] {
    const body: Statement[] = [];
    for (;;) {
      const text = this.accept("text");
      if (text) {
        body.push({ kind: "text", text: text.value });
        continue;
      }
      if (this.is("end")) {
        if (opened) this.fail(`this ${opened.name} is not closed: {% ${closing.at(-1)} %} is missing`, opened.line);
        return body;
      }
      if (this.is("output-begin")) {
        const { line } = this.expect("output-begin");
        body.push({ kind: "output", value: this.parseTuple(), line });
        this.expect("output-end");
        continue;
      }
      const { line } = this.expect("block-begin");
      const word = this.expect("name").value;
      if (closing.includes(word)) {
        this.position -= 1;
        return body;
      }
      body.push(this.parseStatement(word, line, opened));
    }
  }

  /** Ends the tag, reads the body and the closing word; returns the body. The closing tag's end is left to the caller. */
  private parseBlock(name: string, line: number, ...closing: string[]): Statement[] {
    this.expect("block-end");
    return this.parseBody(closing, { name, line });
  }

  private endTag(word: string): void {
    this.expect("name", word);
    // `{% endmacro name %}` may repeat the name.
    this.accept("name");
    this.expect("block-end");
  }

  private parseStatement(word: string, line: number, opened: { name: string; line: number } | undefined): Statement {
    switch (word) {
      case "if":
        return this.parseIf(line);
      case "for":
        return this.parseFor(line);
      case "set":
        return this.parseSet(line);
      case "break":
      case "continue":
        if (this.loops === 0) this.fail(`{% ${word} %} stands in no loop`, line);
        this.expect("block-end");
        return { kind: word, line };
      case "print": {
        const value = this.parseTuple();
        this.expect("block-end");
        return { kind: "print", values: value.kind === "tuple" ? value.items : [value], line };
      }
      case "autoescape": {
        const isOn = this.parseExpression();
        const body = this.parseBlock("autoescape", line, "endautoescape");
        this.endTag("endautoescape");
        return { kind: "autoescape", isOn, body, line };
      }
      case "block":
        return this.parseNamedBlock(line);
      case "do": {
        const value = this.parseTuple();
        this.expect("block-end");
        return { kind: "do", value, line };
      }
      case "macro":
        return this.parseMacro(line, "", "endmacro");
      case "test":
      case "data_test":
        return this.parseMacro(line, "test_", `end${word}`);
      case "materialization":
        return this.parseMaterialization(line);
      case "call":
        return this.parseCall(line);
      case "filter": {
        const filters = [this.parseFilterCall(), ...this.parseFilterChain()];
        const body = this.parseBlock("filter", line, "endfilter");
        this.endTag("endfilter");
        return { kind: "filter-block", filters, body, line };
      }
      case "with":
        return this.parseWith(line);
      default: {
        const inside = opened ? ` inside the ${opened.name} opened in line ${opened.line}` : "";
        const instead = Object.hasOwn(withoutDbt, word) ? `{% ${word} %} can't be used: ${withoutDbt[word]}` : undefined;
        return this.fail(instead ?? `there is no statement "${word}"${inside}`, line);
      }
    }
  }

  private parseIf(line: number): Statement {
    const branches: { test: Expression; body: Statement[] }[] = [];
    let otherwise: Statement[] = [];
    let test = this.parseTuple();
    for (;;) {
      const body = this.parseBlock("if", line, "elif", "else", "endif");
      branches.push({ test, body });
      if (!this.accept("name", "elif")) break;
      test = this.parseTuple();
    }
    if (this.accept("name", "else")) otherwise = this.parseBlock("if", line, "endif");
    this.endTag("endif");
    return { kind: "if", branches, otherwise, line };
  }

  private parseFor(line: number): Statement {
    const target = this.parseTarget();
    this.expect("name", "in");
    // Without the conditional form, so that `for x in xs if x` filters.
    const items = this.parseTuple(() => this.parseBinary(0));
    const filter = this.accept("name", "if") ? this.parseExpression() : undefined;
    const recursive = this.accept("name", "recursive") !== undefined;
    this.loops++;
    const body = this.parseBlock("for", line, "else", "endfor");
    this.loops--;
    const otherwise = this.accept("name", "else") ? this.parseBlock("for", line, "endfor") : [];
    this.endTag("endfor");
    return { kind: "for", target, items, filter, recursive, body, otherwise, line };
  }

  private parseSet(line: number): Statement {
    const target = this.parseTarget();
    if (this.accept("operator", "=")) {
      const value = this.parseTuple();
      this.expect("block-end");
      return { kind: "set", target, value, line };
    }
    const filters = this.parseFilterChain();
    const body = this.parseBlock("set", line, "endset");
    this.endTag("endset");
    return { kind: "set-block", target, filters, body, line };
  }

  private parseNamedBlock(line: number): Statement {
    const { value: name } = this.expect("name");
    const modifiers = new Set<string>();
    for (let word = this.accept("name"); word; word = this.accept("name")) {
      if (word.value !== "scoped" && word.value !== "required")
        this.fail(`a block is "scoped", "required" or both, and not "${word.value}"`);
      modifiers.add(word.value);
    }
    if (this.blocks.has(name)) this.fail(`block "${name}" is defined twice`, line);
    const block: BlockStatement = {
      kind: "block",
      name,
      scoped: modifiers.has("scoped"),
      required: modifiers.has("required"),
      body: [],
      line,
    };
    this.blocks.set(name, block);
    block.body = this.outsideLoops(() => this.parseBlock(`block "${name}"`, line, "endblock"));
    this.endTag("endblock");
    return block;
  }

  /** Reads what a loop around it can't be left from. */
  private outsideLoops<Read>(read: () => Read): Read {
    const { loops } = this;
    this.loops = 0;
    const result = read();
    this.loops = loops;
    return result;
  }

  private parseTarget(): Target {
    const items: Target[] = [];
    do {
      if (items.length > 0 && (this.is("name", "in") || this.is("operator", "=") || this.is("operator", ")")))
        return { kind: "tuple", items };
      if (this.accept("operator", "(")) {
        items.push(this.parseTarget());
        this.expect("operator", ")");
        continue;
      }
      const { value: name } = this.expect("name");
      if (this.accept("operator", ".")) items.push({ kind: "attribute", object: name, name: this.expect("name").value });
      else items.push({ kind: "name", name });
    } while (this.accept("operator", ","));
    const [first] = items;
    return items.length === 1 && first ? first : { kind: "tuple", items };
  }

  private parseParameters(): Parameter[] {
    const parameters: Parameter[] = [];
    this.expect("operator", "(");
    while (!this.accept("operator", ")")) {
      const { value: name } = this.expect("name");
      if (this.accept("operator", ":")) this.skipType();
      const fallback = this.accept("operator", "=") ? this.parseExpression() : undefined;
      if (!fallback && parameters.some((parameter) => parameter.default))
        this.fail(`parameter "${name}" without a default stands after one with a default`);
      parameters.push({ name, default: fallback });
      if (!this.is("operator", ")")) this.expect("operator", ",");
    }
    return parameters;
  }

  /** `name: list[string]`: dbt takes the types of a macro's parameters as documentation. */
  private skipType(): void {
    this.expect("name");
    if (!this.accept("operator", "[")) return;
    do this.skipType();
    while (this.accept("operator", ","));
    this.expect("operator", "]");
  }

  private parseMacro(line: number, prefix: string, closing: string): MacroStatement {
    const name = prefix + this.expect("name").value;
    const parameters = this.parseParameters();
    const body = this.outsideLoops(() => this.parseBlock(`macro "${name}"`, line, closing));
    this.endTag(closing);
    return { kind: "macro", name, parameters, body, line };
  }

  /** dbt's `{% materialization name, adapter='duckdb' %}`: a macro `materialization_name_duckdb` (or `_default`). */
  private parseMaterialization(line: number): MacroStatement {
    const own = this.expect("name").value;
    let adapter = "default";
    while (this.accept("operator", ",")) {
      const { value: key } = this.expect("name");
      if (!this.accept("operator", "=")) continue;
      const value = this.parseExpression();
      if (key === "adapter" && value.kind === "literal") adapter = String(value.value);
    }
    const name = `materialization_${own}_${adapter}`;
    const body = this.outsideLoops(() => this.parseBlock(`materialization "${own}"`, line, "endmaterialization"));
    this.endTag("endmaterialization");
    return { kind: "macro", name, parameters: [], body, line };
  }

  private parseCall(line: number): Statement {
    const parameters = this.is("operator", "(") ? this.parseParameters() : [];
    const call = this.parseExpression();
    if (call.kind !== "call") this.fail("{% call %} needs a call: {% call name(...) %}", line);
    const body = this.outsideLoops(() => this.parseBlock("call", line, "endcall"));
    this.endTag("endcall");
    return { kind: "call", call, parameters, body, line };
  }

  private parseWith(line: number): Statement {
    const bindings: { target: Target; value: Expression }[] = [];
    while (!this.is("block-end")) {
      if (bindings.length > 0) this.expect("operator", ",");
      const target = this.parseTarget();
      this.expect("operator", "=");
      bindings.push({ target, value: this.parseExpression() });
    }
    const body = this.parseBlock("with", line, "endwith");
    this.endTag("endwith");
    return { kind: "with", bindings, body, line };
  }
}
