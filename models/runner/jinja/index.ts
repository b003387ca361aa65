/** A Jinja2 interpreter with Python's values, asynchronous so that a template can wait for a query. */
export { TemplateError, excerpt } from "./errors.ts";
export { MacroReturn, bindMacro, evaluateExpression, globalsOf, renderTemplate, type Globals, type RenderOptions } from "./evaluator.ts";
export { CallArguments } from "./arguments.ts";
export { toJson } from "./filters.ts";
export { parseTemplate } from "./parser.ts";
export type { MacroStatement, Statement, Expression, Template } from "./syntax.ts";
export {
  Dict,
  Float,
  PyError,
  PyObject,
  Tuple,
  Undefined,
  asNumber,
  equals,
  firstDefined,
  fromJs,
  iterate,
  toJs,
  toText,
  truthy,
  tuple,
  typeName,
  type Callable,
  type Kwargs,
  type Value,
} from "./values.ts";
