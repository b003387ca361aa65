import { CallArguments } from "./arguments.ts";
import { getAttribute, getItem } from "./attributes.ts";
import { builtins } from "./builtins.ts";
import { TemplateError } from "./errors.ts";
import { filters, type FilterHost } from "./filters.ts";
import { LoopControl } from "./loop-control.ts";
import { isMacro } from "./macro-facts.ts";
import { MacroReturn } from "./macro-return.ts";
import { Markup, escaped } from "./markup.ts";
import { binary, comparison, slice } from "./operators.ts";
import type { Scope } from "./scope.ts";
import type { Argument, Expression, Template } from "./syntax.ts";
import { tests } from "./tests.ts";
import {
  Dict,
  Float,
  PyError,
  PyObject,
  Undefined,
  asNumber,
  firstDefined,
  iterate,
  plain,
  toText,
  truthy,
  tuple,
  typeName,
  type Kwargs,
  type Value,
} from "./values.ts";

/** Filters of a text that leave HTML what it is. */
const keepMarkup = new Set(["capitalize", "center", "indent", "lower", "reverse", "trim", "truncate", "upper"]);

export interface RenderOptions {
  /** Attributes of undefined values are undefined again (dbt), instead of an error (Jinja). */
  chainUndefined?: boolean;
}
/** Evaluates expressions; one per macro call, since a call keeps the line it is at. */
export abstract class ExpressionEvaluator implements FilterHost {
  protected readonly template: Template;
  protected readonly options: RenderOptions;
  /** Inside `{% autoescape true %}`: texts that are not HTML are escaped where they are written. */
  autoescape = false;
  /** The line being worked on, for errors. */
  protected line = 1;

  constructor(template: Template, options: RenderOptions) {
    this.template = template;
    this.options = options;
  }

  protected locate(thrown: unknown, line: number): unknown {
    if (thrown instanceof MacroReturn || thrown instanceof LoopControl || thrown instanceof TemplateError) return thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return new TemplateError(reason, { file: this.template.file, line, source: this.template.source }, [], thrown);
  }

  /** `self`. */
  protected abstract selfReference(): Value;

  async output(value: Expression, scope: Scope): Promise<Value> {
    try {
      return await this.evaluate(value, scope);
    } catch (thrown) {
      throw this.locate(thrown, this.line);
    }
  }

  protected async evaluate(node: Expression, scope: Scope): Promise<Value> {
    switch (node.kind) {
      case "literal":
        return node.isFloat && typeof node.value === "number" ? new Float(node.value) : node.value;
      case "name": {
        const found = firstDefined<Value>(scope.get(node.name), Object.hasOwn(builtins, node.name) ? builtins[node.name] : undefined);
        if (found !== undefined) return found;
        return node.name === "self" ? this.selfReference() : new Undefined(node.name);
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
      case "binary": {
        const left = await this.evaluate(node.left, scope);
        const right = await this.evaluate(node.right, scope);
        if (this.autoescape && node.operator === "~" && (left instanceof Markup || right instanceof Markup))
          return new Markup(escaped(left) + escaped(right));
        return binary(node.operator, left, right);
      }
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
    if (typeof value === "bigint") return kind === "negate" ? -value : value;
    const signed = kind === "negate" && (number !== 0 || value instanceof Float) ? -number : number;
    return value instanceof Float ? new Float(signed) : signed;
  }

  /** What a missing attribute or item is; of an undefined value it is an error, unless the host chains. */
  private missing(target: Value, name: string): Value {
    if (target instanceof Undefined && !this.options.chainUndefined) throw new PyError(`'${target.name}' is undefined`);
    return new Undefined(target instanceof Undefined ? `${target.name}.${name}` : `${typeName(target)} object has no attribute '${name}'`);
  }

  protected async call(target: Expression, given: Argument[], scope: Scope, line: number, extra?: Kwargs): Promise<Value> {
    const callee = await this.evaluate(target, scope);
    const { args, kwargs } = await this.argumentsOf(given, scope);
    for (const [name, value] of extra ?? []) kwargs.set(name, value);
    this.line = line;
    try {
      // What is not a template's own takes HTML for the text that it is.
      if (typeof callee === "function" && !isMacro(callee))
        return await callee(args.map(plain), new Map([...kwargs].map(([name, value]) => [name, plain(value)])));
      if (typeof callee === "function") return await callee(args, kwargs);
      if (callee instanceof PyObject) return await callee.call(args, kwargs);
    } catch (thrown) {
      this.line = line;
      if (thrown instanceof TemplateError) throw thrown.through(`${this.template.file}:${line}`);
      throw thrown;
    }
    const called = target.kind === "name" || target.kind === "attribute" ? target.name : "this value";
    if (callee instanceof Undefined) {
      const owner = target.kind === "attribute" && target.target.kind === "name" ? target.target.name : null;
      const hint = scope.explainMissing(called, owner);
      throw new PyError(`'${called}' is undefined: there is no macro or function of that name${hint === "" ? "" : `. ${hint}`}`);
    }
    throw new PyError(`'${called}' is a ${typeName(callee)} and not callable`);
  }

  protected async argumentsOf(given: Argument[], scope: Scope): Promise<{ args: Value[]; kwargs: Kwargs }> {
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
    const result = await filter(value, new CallArguments(name, args, kwargs), this);
    return value instanceof Markup && typeof result === "string" && keepMarkup.has(name) ? new Markup(result) : result;
  }

  async applyTest(name: string, value: Value, args: Value[]): Promise<boolean> {
    if (name === "filter") return Object.hasOwn(filters, toText(value));
    if (name === "test") return Object.hasOwn(tests, toText(value));
    // `select("==", 1)`: the operators are tests too.
    if (/^[=!<>]/.test(name)) return comparison(name, value, args[0] ?? null);
    const test = Object.hasOwn(tests, name) ? tests[name] : undefined;
    if (!test) throw new PyError(`No test named '${name}'.`);
    return test(name === "escaped" ? value : plain(value), args.map(plain));
  }
}
