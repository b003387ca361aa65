/** A Jinja2 interpreter with Python's values, asynchronous so that a template can wait for a query. */
export { TemplateError, excerpt } from "./errors.ts";
export { bindMacro, evaluateExpression, renderTemplate } from "./evaluator.ts";
export type { RenderOptions } from "./expression-evaluator.ts";
export { PyDate, PyDateTime, TimeZone } from "./datetime.ts";
export { pythonModules } from "./python-modules.ts";
export { PySet } from "./set.ts";
export { MacroReturn } from "./macro-return.ts";
export { globalsOf, type Globals } from "./scope.ts";
export { CallArguments } from "./arguments.ts";
export { toJson } from "./filters.ts";
export { parseJson } from "./json.ts";
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
