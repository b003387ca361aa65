import { createContext, type ContextHost } from "./context.ts";
import { looksLikeCall } from "./generic-tests.ts";
import {
  Dict,
  TemplateError,
  evaluateExpression,
  fromJs,
  parseTemplate,
  renderTemplate,
  type Globals,
  type Template,
  type Value,
} from "./jinja/index.ts";
import type { Node } from "./resources.ts";
import { isSettings } from "./yaml.ts";

const templates = new WeakMap<Node, Template>();

/** Renders a node's template; `host.node` is the node. Returns the SQL and the macros it went through. */
export async function renderNode(node: Node, host: ContextHost): Promise<{ sql: string; usedMacros: string[] }> {
  const overrides = new Map(host.overrides ?? []);
  const { globals, usedMacros } = createContext({ ...host, node, overrides });
  if (node.test?.metadata) overrides.set("_dbt_generic_test_kwargs", await testArguments(node, node.test.metadata.kwargs, globals));
  let template = templates.get(node);
  if (!template) {
    template = parseTemplate(node.rawCode, node.file);
    templates.set(node, template);
  }
  const sql = await renderTemplate(template, globals, { chainUndefined: true });
  return { sql, usedMacros: [...usedMacros].sort() };
}

/** A generic test's arguments: texts that are calls or templates are evaluated, `model` becomes a relation. */
async function testArguments(node: Node, kwargs: Record<string, unknown>, globals: Globals): Promise<Value> {
  const evaluate = async (value: unknown, key: string): Promise<Value> => {
    if (Array.isArray(value)) return Promise.all(value.map((item) => evaluate(item, "")));
    if (isSettings(value)) {
      const inner = new Dict();
      for (const [name, item] of Object.entries(value)) inner.set(name, await evaluate(item, ""));
      return inner;
    }
    if (typeof value !== "string" || key === "column_name") return fromJs(value);
    const source = looksLikeCall.test(value) ? `{{ ${value} }}` : value;
    if (!/\{[{%]/.test(source)) return value;
    try {
      return await evaluateExpression(parseTemplate(source, node.file), globals, { chainUndefined: true });
    } catch (error) {
      // The line within one YAML value would mislead.
      throw error instanceof TemplateError
        ? new Error(`${error.reason} (argument "${key}" of test ${node.name}: ${value})`, { cause: error })
        : error;
    }
  };
  const dict = new Dict();
  for (const [key, value] of Object.entries(kwargs)) dict.set(key, await evaluate(value, key));
  return dict;
}
