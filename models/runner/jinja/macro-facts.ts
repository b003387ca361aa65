import type { Parameter, Statement } from "./syntax.ts";
import { PyError, tuple, type Callable, type Kwargs, type Value } from "./values.ts";

/** What a macro says of itself: `macro.name`, `macro.arguments`, … */
export interface MacroFacts {
  name: string;
  arguments: readonly string[];
  /** It reads `kwargs`, `varargs`, `caller`: only then it takes such arguments. */
  catchesKwargs: boolean;
  catchesVarargs: boolean;
  callsCaller: boolean;
}

const facts = new WeakMap<object, MacroFacts>();

export function rememberMacro(callable: Callable, about: MacroFacts): void {
  facts.set(callable, about);
}

export const isMacro = (callable: object): boolean => facts.has(callable);

/** An attribute of a function that is a macro; undefined where it has none of the name. */
export function macroAttribute(callable: object, name: string): Value | undefined {
  const about = facts.get(callable);
  switch (about && name) {
    case "name":
      return about?.name;
    case "arguments":
      return tuple(about?.arguments ?? []);
    case "catch_kwargs":
      return about?.catchesKwargs;
    case "catch_varargs":
      return about?.catchesVarargs;
    case "caller":
      return about?.callsCaller;
    default:
      return undefined;
  }
}

const known = new WeakMap<readonly Statement[], MacroFacts>();

/** Reads from a macro's body, once, which of the special names it uses. */
export function factsOf(name: string, parameters: readonly Parameter[], body: readonly Statement[]): MacroFacts {
  let about = known.get(body);
  if (!about) known.set(body, (about = readFacts(name, parameters, body)));
  return about;
}

function readFacts(name: string, parameters: readonly Parameter[], body: readonly Statement[]): MacroFacts {
  const used = new Set<string>();
  findNames(body, used);
  const names = parameters.map((parameter) => parameter.name);
  const reads = (special: string): boolean => used.has(special) && !names.includes(special);
  return {
    name,
    arguments: names,
    catchesKwargs: reads("kwargs"),
    catchesVarargs: reads("varargs"),
    callsCaller: used.has("caller") || names.includes("caller"),
  };
}

function findNames(node: unknown, found: Set<string>): void {
  if (Array.isArray(node)) for (const item of node) findNames(item, found);
  else if (typeof node === "object" && node !== null) {
    if ("kind" in node && node.kind === "name" && "name" in node) found.add(String(node.name));
    for (const part of Object.values(node)) findNames(part, found);
  }
}

/** Raises as Python does where a macro is given what it does not take. */
export function checkArguments(about: MacroFacts, args: readonly Value[], kwargs: Kwargs): void {
  if (!about.catchesVarargs && args.length > about.arguments.length)
    throw new PyError(`macro '${about.name}' takes not more than ${about.arguments.length} argument(s)`);
  if (about.catchesKwargs) return;
  for (const key of kwargs.keys()) {
    const position = about.arguments.indexOf(key);
    if (position >= args.length || (key === "caller" && about.callsCaller)) continue;
    if (key === "caller") throw new PyError(`macro '${about.name}' does not call caller(), and was called by {% call %}`);
    throw new PyError(`macro '${about.name}' takes no keyword argument '${key}'`);
  }
}
