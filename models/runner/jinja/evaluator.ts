import { CallArguments } from "./arguments.ts";
import { getAttribute, getItem } from "./attributes.ts";
import { builtins } from "./builtins.ts";
import { TemplateError } from "./errors.ts";
import { filters, type FilterHost } from "./filters.ts";
import { Loop } from "./loop.ts";
import { binary, comparison, slice } from "./operators.ts";
import type { Argument, Expression, FilterCall, MacroStatement, Parameter, Statement, Target, Template } from "./syntax.ts";
import { tests } from "./tests.ts";
import {
  Dict,
  Float,
  PyError,
  PyObject,
  Undefined,
  asNumber,
  firstDefined,
  fromJs,
  iterate,
  toText,
  truthy,
  tuple,
  typeName,
  type Callable,
  type Kwargs,
  type Value,
} from "./values.ts";

/** What the host gives to every template: a name's value, or undefined. */
export interface Globals {
  lookup(name: string): Value | undefined;
}

export interface RenderOptions {
  /** Attributes of undefined values are undefined again (dbt), instead of an error (Jinja). */
  chainUndefined?: boolean;
}

/** Thrown by `return(value)`, caught where the macro was called. */
export class MacroReturn {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** Names set so far; inner scopes see outer ones, assignments stay in their own. */
class Scope {
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
  set(name: string, value: Value): void {
    this.names.set(name, value);
  }
}

/** Renders a template with the host's globals. Raises TemplateError. */
export async function renderTemplate(template: Template, globals: Globals, options: RenderOptions = {}): Promise<string> {
  const evaluator = new Evaluator(template, options);
  try {
    return await evaluator.render(template.body, new Scope(undefined, globals));
  } catch (thrown) {
    if (thrown instanceof MacroReturn) return toText(thrown.value);
    throw thrown;
  }
}

/** The value of one expression text, such as `var('x')` inside YAML. */
export async function evaluateExpression(template: Template, globals: Globals, options: RenderOptions = {}): Promise<Value> {
  const [statement] = template.body;
  if (template.body.length !== 1 || statement?.kind !== "output") return renderTemplate(template, globals, options);
  return new Evaluator(template, options).output(statement.value, new Scope(undefined, globals));
}

/** A macro of a file, callable with these globals. */
export function bindMacro(macro: MacroStatement, template: Template, globals: Globals, options: RenderOptions = {}): Callable {
  return new Evaluator(template, options).macro(macro.name, macro.parameters, macro.body, new Scope(undefined, globals));
}

class Evaluator implements FilterHost {
  private readonly template: Template;
  private readonly options: RenderOptions;
  /** The line being worked on, for errors. */
  private line = 1;

  constructor(template: Template, options: RenderOptions) {
    this.template = template;
    this.options = options;
  }

  private locate(thrown: unknown, line: number): unknown {
    if (thrown instanceof MacroReturn || thrown instanceof TemplateError) return thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return new TemplateError(reason, { file: this.template.file, line, source: this.template.source }, [], thrown);
  }

  async output(value: Expression, scope: Scope): Promise<Value> {
    try {
      return await this.evaluate(value, scope);
    } catch (thrown) {
      throw this.locate(thrown, this.line);
    }
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
        throw this.locate(thrown, this.line);
      }
    }
    return text;
  }

  private async execute(statement: Exclude<Statement, { kind: "text" }>, scope: Scope): Promise<string> {
    switch (statement.kind) {
      case "output":
        return toText(await this.evaluate(statement.value, scope));
      case "if": {
        for (const branch of statement.branches)
          if (truthy(await this.evaluate(branch.test, scope))) return this.render(branch.body, scope);
        return this.render(statement.otherwise, scope);
      }
      case "for":
        return this.loop(statement, await this.evaluate(statement.items, scope), scope, 0);
      case "set":
        this.assign(statement.target, await this.evaluate(statement.value, scope), scope);
        return "";
      case "set-block":
        this.assign(
          statement.target,
          await this.filterText(statement.filters, await this.render(statement.body, new Scope(scope)), scope),
          scope,
        );
        return "";
      case "do":
        await this.evaluate(statement.value, scope);
        return "";
      case "macro":
        scope.set(statement.name, this.macro(statement.name, statement.parameters, statement.body, scope));
        return "";
      case "call": {
        const caller = this.macro("caller", statement.parameters, statement.body, scope);
        if (statement.call.kind !== "call") throw new PyError("{% call %} needs a call");
        return toText(await this.call(statement.call.target, statement.call.args, scope, statement.line, new Map([["caller", caller]])));
      }
      case "filter-block":
        return toText(await this.filterText(statement.filters, await this.render(statement.body, new Scope(scope)), scope));
      case "with": {
        const inner = new Scope(scope);
        for (const { target, value } of statement.bindings) this.assign(target, await this.evaluate(value, scope), inner);
        return this.render(statement.body, inner);
      }
    }
  }

  private async filterText(chain: FilterCall[], text: string, scope: Scope): Promise<Value> {
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
      ? (inner: Value, level: number): Promise<string> => this.loop(statement, inner, scope, level)
      : undefined;
    const loop = new Loop(items, depth, again);
    let text = "";
    for (const [index, item] of items.entries()) {
      loop.index0 = index;
      const inner = new Scope(scope);
      inner.set("loop", loop);
      this.assign(statement.target, item, inner);
      text += await this.render(statement.body, inner);
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

  macro(name: string, parameters: Parameter[], body: Statement[], scope: Scope): Callable {
    const known = new Set(parameters.map((parameter) => parameter.name));
    const callable: Callable = async (args, kwargs) => {
      // A macro may run while its caller waits: each call has an evaluator, and so a line, of its own.
      const evaluator = new Evaluator(this.template, this.options);
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
        return await evaluator.render(body, inner);
      } catch (thrown) {
        if (thrown instanceof MacroReturn) return thrown.value;
        throw thrown;
      }
    };
    Object.defineProperty(callable, "name", { value: name });
    return callable;
  }

  private async evaluate(node: Expression, scope: Scope): Promise<Value> {
    switch (node.kind) {
      case "literal":
        return node.isFloat && typeof node.value === "number" ? new Float(node.value) : node.value;
      case "name": {
        const found = firstDefined<Value>(scope.get(node.name), Object.hasOwn(builtins, node.name) ? builtins[node.name] : undefined);
        return found === undefined ? new Undefined(node.name) : found;
      }
      case "list":
        return this.evaluateAll(node.items, scope);
      case "tuple":
        return tuple(await this.evaluateAll(node.items, scope));
      case "dict": {
        const dict = new Dict();
        for (const [key, value] of node.entries) dict.set(await this.evaluate(key, scope), await this.evaluate(value, scope));
        return dict;
      }
      case "and": {
        const left = await this.evaluate(node.left, scope);
        return truthy(left) ? this.evaluate(node.right, scope) : left;
      }
      case "or": {
        const left = await this.evaluate(node.left, scope);
        return truthy(left) ? left : this.evaluate(node.right, scope);
      }
      case "not":
        return !truthy(await this.evaluate(node.value, scope));
      case "negate":
      case "plus":
        return this.signed(node.kind, await this.evaluate(node.value, scope));
      case "binary":
        return binary(node.operator, await this.evaluate(node.left, scope), await this.evaluate(node.right, scope));
      case "compare": {
        let left = await this.evaluate(node.first, scope);
        for (const { operator, value } of node.rest) {
          const right = await this.evaluate(value, scope);
          if (!comparison(operator, left, right)) return false;
          left = right;
        }
        return true;
      }
      case "condition":
        if (truthy(await this.evaluate(node.test, scope))) return this.evaluate(node.value, scope);
        return node.otherwise ? this.evaluate(node.otherwise, scope) : new Undefined("the value of an `if` without `else`");
      case "attribute": {
        const target = await this.evaluate(node.target, scope);
        this.line = node.line;
        const found = getAttribute(target, node.name);
        return found === undefined ? this.missing(target, node.name) : found;
      }
      case "item": {
        const target = await this.evaluate(node.target, scope);
        const key = await this.evaluate(node.key, scope);
        this.line = node.line;
        const found = getItem(target, key);
        return found === undefined ? this.missing(target, toText(key)) : found;
      }
      case "slice": {
        const bound = async (part: Expression | undefined): Promise<Value> => (part ? this.evaluate(part, scope) : null);
        return slice(await this.evaluate(node.target, scope), await bound(node.from), await bound(node.to), await bound(node.step));
      }
      case "call":
        return this.call(node.target, node.args, scope, node.line);
      case "filter": {
        const value = await this.evaluate(node.value, scope);
        const { args, kwargs } = await this.argumentsOf(node.args, scope);
        this.line = node.line;
        return this.applyFilter(node.name, value, args, kwargs);
      }
      case "test": {
        const value = await this.evaluate(node.value, scope);
        const { args } = await this.argumentsOf(node.args, scope);
        this.line = node.line;
        return (await this.applyTest(node.name, value, args)) !== node.negated;
      }
    }
  }

  private async evaluateAll(nodes: Expression[], scope: Scope): Promise<Value[]> {
    const values: Value[] = [];
    for (const node of nodes) values.push(await this.evaluate(node, scope));
    return values;
  }

  private signed(kind: "negate" | "plus", value: Value): Value {
    const number = asNumber(value);
    if (number === undefined) throw new PyError(`bad operand type for unary ${kind === "negate" ? "-" : "+"}: '${typeName(value)}'`);
    const signed = kind === "negate" ? 0 - number : number;
    return value instanceof Float ? new Float(signed) : signed;
  }

  /** What a missing attribute or item is; of an undefined value it is an error, unless the host chains. */
  private missing(target: Value, name: string): Value {
    if (target instanceof Undefined && !this.options.chainUndefined) throw new PyError(`'${target.name}' is undefined`);
    return new Undefined(target instanceof Undefined ? `${target.name}.${name}` : `${typeName(target)} object has no attribute '${name}'`);
  }

  private async call(target: Expression, given: Argument[], scope: Scope, line: number, extra?: Kwargs): Promise<Value> {
    const callee = await this.evaluate(target, scope);
    const { args, kwargs } = await this.argumentsOf(given, scope);
    for (const [name, value] of extra ?? []) kwargs.set(name, value);
    this.line = line;
    try {
      if (typeof callee === "function") return await callee(args, kwargs);
      if (callee instanceof PyObject) return await callee.call(args, kwargs);
    } catch (thrown) {
      this.line = line;
      if (thrown instanceof TemplateError) throw thrown.through(`${this.template.file}:${line}`);
      throw thrown;
    }
    const called = target.kind === "name" || target.kind === "attribute" ? target.name : "this value";
    if (callee instanceof Undefined) throw new PyError(`'${called}' is undefined: there is no macro or function of that name`);
    throw new PyError(`'${called}' is a ${typeName(callee)} and not callable`);
  }

  private async argumentsOf(given: Argument[], scope: Scope): Promise<{ args: Value[]; kwargs: Kwargs }> {
    const args: Value[] = [];
    const kwargs: Kwargs = new Map();
    for (const argument of given) {
      const value = await this.evaluate(argument.value, scope);
      if (argument.kind === "position") args.push(value);
      else if (argument.kind === "named") kwargs.set(argument.name, value);
      else if (argument.kind === "spread") args.push(...iterate(value));
      else if (value instanceof Dict) for (const [key, item] of value.entries()) kwargs.set(toText(key), item);
      else throw new PyError(`argument after ** must be a mapping, not ${typeName(value)}`);
    }
    return { args, kwargs };
  }

  async applyFilter(name: string, value: Value, args: Value[], kwargs: Kwargs): Promise<Value> {
    const filter = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (!filter) throw new PyError(`No filter named '${name}'.`);
    return filter(value, new CallArguments(name, args, kwargs), this);
  }

  async applyTest(name: string, value: Value, args: Value[]): Promise<boolean> {
    if (name === "filter") return Object.hasOwn(filters, toText(value));
    if (name === "test") return Object.hasOwn(tests, toText(value));
    // `select("==", 1)`: the operators are tests too.
    if (/^[=!<>]/.test(name)) return comparison(name, value, args[0] ?? null);
    const test = Object.hasOwn(tests, name) ? tests[name] : undefined;
    if (!test) throw new PyError(`No test named '${name}'.`);
    return test(value, args);
  }
}

/** Globals from a plain record of JavaScript values and functions. */
export function globalsOf(record: Record<string, unknown>): Globals {
  const values = new Map(
    Object.entries(record).map(([name, value]) => [name, typeof value === "function" ? (value as Callable) : fromJs(value)]),
  );
  return { lookup: (name) => values.get(name) };
}
