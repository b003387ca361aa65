import { ExpressionEvaluator, type RenderOptions } from "./expression-evaluator.ts";
import { LoopControl } from "./loop-control.ts";
import { Loop } from "./loop.ts";
import { checkArguments, factsOf, rememberMacro } from "./macro-facts.ts";
import { MacroReturn } from "./macro-return.ts";
import { Markup, escaped } from "./markup.ts";
import { Scope, type Globals } from "./scope.ts";
import { TemplateReference } from "./template-reference.ts";
import type { BlockStatement, FilterCall, MacroStatement, Parameter, Statement, Target, Template } from "./syntax.ts";
import { Dict, PyError, PyObject, Undefined, iterate, toText, truthy, tuple, type Callable, type Value } from "./values.ts";

/** Renders a template with the host's globals. Raises TemplateError. */
export async function renderTemplate(template: Template, globals: Globals, options: RenderOptions = {}): Promise<string> {
  const scope = new Scope(undefined, globals);
  const evaluator = new Evaluator(template, options, scope);
  try {
    return await evaluator.render(template.body, scope);
  } catch (thrown) {
    if (thrown instanceof MacroReturn) return toText(thrown.value);
    throw thrown;
  }
}

/** The value of one expression text, such as `var('x')` inside YAML. */
export async function evaluateExpression(template: Template, globals: Globals, options: RenderOptions = {}): Promise<Value> {
  const [statement] = template.body;
  if (template.body.length !== 1 || statement?.kind !== "output") return renderTemplate(template, globals, options);
  const scope = new Scope(undefined, globals);
  return new Evaluator(template, options, scope).output(statement.value, scope);
}

/** A macro of a file, callable with these globals. */
export function bindMacro(macro: MacroStatement, template: Template, globals: Globals, options: RenderOptions = {}): Callable {
  const scope = new Scope(undefined, globals);
  return new Evaluator(template, options, scope).macro(macro.name, macro.parameters, macro.body, scope);
}

/** Executes statements. `root`: the scope of the template itself. */
class Evaluator extends ExpressionEvaluator {
  private readonly root: Scope;

  constructor(template: Template, options: RenderOptions, root: Scope) {
    super(template, options);
    this.root = root;
  }

  async render(body: Statement[], scope: Scope): Promise<string> {
    let text = "";
    for (const statement of body) {
      if (statement.kind === "text") {
        text += statement.text;
        continue;
      }
      this.line = statement.line;
      try {
        text += await this.execute(statement, scope);
      } catch (thrown) {
        if (thrown instanceof LoopControl) thrown.text = text + thrown.text;
        throw this.locate(thrown, this.line);
      }
    }
    return text;
  }

  private async execute(statement: Exclude<Statement, { kind: "text" }>, scope: Scope): Promise<string> {
    switch (statement.kind) {
      case "output":
        return this.written(await this.evaluate(statement.value, scope));
      case "if": {
        for (const branch of statement.branches)
          if (truthy(await this.evaluate(branch.test, scope))) return this.render(branch.body, scope);
        return this.render(statement.otherwise, scope);
      }
      case "for":
        return this.loop(statement, await this.evaluate(statement.items, scope), scope, 0);
      case "break":
      case "continue":
        throw new LoopControl(statement.kind);
      case "print": {
        let text = "";
        for (const value of statement.values) text += this.written(await this.evaluate(value, scope));
        return text;
      }
      case "autoescape": {
        const before = this.autoescape;
        this.autoescape = truthy(await this.evaluate(statement.isOn, scope));
        try {
          return await this.render(statement.body, new Scope(scope));
        } finally {
          this.autoescape = before;
        }
      }
      case "block":
        return this.block(statement, statement.scoped ? scope : this.root);
      case "set":
        this.assign(statement.target, await this.evaluate(statement.value, scope), scope);
        return "";
      case "set-block":
        this.assign(statement.target, await this.filterText(statement.filters, await this.captured(statement.body, scope), scope), scope);
        return "";
      case "do":
        await this.evaluate(statement.value, scope);
        return "";
      case "macro":
        scope.set(statement.name, this.macro(statement.name, statement.parameters, statement.body, scope));
        return "";
      case "call": {
        const caller = this.macro("caller", statement.parameters, statement.body, scope, "pass");
        if (statement.call.kind !== "call") throw new PyError("{% call %} needs a call");
        return toText(await this.call(statement.call.target, statement.call.args, scope, statement.line, new Map([["caller", caller]])));
      }
      case "filter-block":
        return toText(await this.filterText(statement.filters, await this.captured(statement.body, scope), scope));
      case "with": {
        const inner = new Scope(scope);
        for (const { target, value } of statement.bindings) this.assign(target, await this.evaluate(value, scope), inner);
        return this.render(statement.body, inner);
      }
    }
  }

  private async block({ name, required, body }: BlockStatement, scope: Scope): Promise<string> {
    if (required) throw new PyError(`Required block '${name}' not found: no template extends this one`);
    return this.render(body, new Scope(scope));
  }

  protected override selfReference(): Value {
    return new TemplateReference((name) => {
      const block = this.template.blocks.get(name);
      return block && (async (): Promise<Value> => this.made(await this.block(block, this.root)));
    });
  }

  /** The text of a body that goes somewhere else than out: what it wrote before a `break` is lost. */
  private async captured(body: Statement[], scope: Scope): Promise<Value> {
    try {
      return this.made(await this.render(body, new Scope(scope)));
    } catch (thrown) {
      if (thrown instanceof LoopControl) thrown.text = "";
      throw thrown;
    }
  }

  private written(value: Value): string {
    return this.autoescape ? escaped(value) : toText(value);
  }

  /** A text that a part of the template made: HTML where that was escaped. */
  private made(text: string): Value {
    return this.autoescape ? new Markup(text) : text;
  }

  private async filterText(chain: FilterCall[], text: Value, scope: Scope): Promise<Value> {
    let value: Value = text;
    for (const filter of chain) {
      const { args, kwargs } = await this.argumentsOf(filter.args, scope);
      value = await this.applyFilter(filter.name, value, args, kwargs);
    }
    return value;
  }

  private async loop(statement: Extract<Statement, { kind: "for" }>, source: Value, scope: Scope, depth: number): Promise<string> {
    let items = iterate(source);
    if (statement.filter) {
      const kept: Value[] = [];
      for (const item of items) {
        const trial = new Scope(scope);
        this.assign(statement.target, item, trial);
        if (truthy(await this.evaluate(statement.filter, trial))) kept.push(item);
      }
      items = kept;
    } else items = [...items];
    if (items.length === 0) return this.render(statement.otherwise, new Scope(scope));
    const again = statement.recursive
      ? async (inner: Value, level: number): Promise<Value> => this.made(await this.loop(statement, inner, scope, level))
      : undefined;
    const loop = new Loop(items, depth, again);
    let text = "";
    for (const [index, item] of items.entries()) {
      loop.index0 = index;
      const inner = new Scope(scope);
      inner.set("loop", loop);
      this.assign(statement.target, item, inner);
      try {
        text += await this.render(statement.body, inner);
      } catch (thrown) {
        if (!(thrown instanceof LoopControl)) throw thrown;
        text += thrown.text;
        if (thrown.kind === "break") break;
      }
    }
    return text;
  }

  private assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === "name") scope.set(target.name, value);
    else if (target.kind === "attribute") {
      const object = scope.get(target.object);
      if (!(object instanceof PyObject)) throw new PyError("cannot assign attribute on non-namespace object");
      object.setAttribute(target.name, value);
    } else {
      const items = iterate(value);
      if (items.length !== target.items.length) {
        const words =
          items.length < target.items.length
            ? `not enough values to unpack (expected ${target.items.length}, got ${items.length})`
            : `too many values to unpack (expected ${target.items.length})`;
        throw new PyError(words);
      }
      for (const [index, inner] of target.items.entries()) this.assign(inner, items[index] ?? null, scope);
    }
  }

  /** `returns`: whether `return()` inside ends this macro, or (a call block's body) the one around it. */
  macro(name: string, parameters: Parameter[], body: Statement[], scope: Scope, returns: "catch" | "pass" = "catch"): Callable {
    const known = new Set(parameters.map((parameter) => parameter.name));
    const facts = factsOf(name, parameters, body);
    const { autoescape } = this;
    const callable: Callable = async (args, kwargs) => {
      checkArguments(facts, args, kwargs);
      // A macro may run while its caller waits: each call has an evaluator, and so a line, of its own.
      const evaluator = new Evaluator(this.template, this.options, this.root);
      evaluator.autoescape = autoescape;
      const inner = new Scope(scope);
      inner.set("varargs", tuple(args.slice(parameters.length)));
      inner.set("kwargs", Dict.of(Object.fromEntries([...kwargs].filter(([key]) => !known.has(key) && key !== "caller"))));
      const caller = kwargs.get("caller");
      if (caller !== undefined && !known.has("caller")) inner.set("caller", caller);
      for (const [index, parameter] of parameters.entries()) {
        const given = index < args.length ? args[index] : kwargs.get(parameter.name);
        if (given !== undefined) inner.set(parameter.name, given);
        else
          inner.set(parameter.name, parameter.default ? await evaluator.output(parameter.default, inner) : new Undefined(parameter.name));
      }
      try {
        return evaluator.made(await evaluator.render(body, inner));
      } catch (thrown) {
        if (thrown instanceof MacroReturn && returns === "catch") return thrown.value;
        throw thrown;
      }
    };
    Object.defineProperty(callable, "name", { value: name });
    rememberMacro(callable, facts);
    return callable;
  }
}
