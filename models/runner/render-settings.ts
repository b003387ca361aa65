import {
  CallArguments,
  evaluateExpression,
  fromJs,
  parseTemplate,
  pythonModules,
  toJs,
  type Callable,
  type Globals,
  type Value,
} from "./jinja/index.ts";
import { ProjectError } from "./errors.ts";
import type { Settings, TargetInfo } from "./resources.ts";
import { isSettings } from "./yaml.ts";

interface SettingsContext {
  file: string;
  kind: "project" | "properties";
  target: TargetInfo;
  projectName: string;
  vars: Settings;
}

const hookKeys = ["pre-hook", "post-hook", "pre_hook", "post_hook", "+pre-hook", "+post-hook", "on-run-start", "on-run-end"];
/** What is rendered later, with the node it belongs to. */
const renderedLater = {
  project: new Set([...hookKeys, "query-comment"]),
  // The semantic layer's entries are templates of another language: `{{ Dimension('…') }}`.
  properties: new Set([
    ...hookKeys,
    "description",
    "tests",
    "data_tests",
    "unit_tests",
    "metrics",
    "semantic_model",
    "semantic_models",
    "saved_queries",
  ]),
};

/** Renders every text with `{{ }}` in a YAML tree, but what is rendered with its node. */
export async function renderSettings(tree: Settings, context: SettingsContext): Promise<Settings> {
  const globals = settingsGlobals(context);
  const later = renderedLater[context.kind];
  const render = async (value: unknown): Promise<unknown> => {
    if (typeof value === "string" && /\{[{%]/.test(value))
      return toJs(await evaluateExpression(parseTemplate(value, context.file), globals));
    if (Array.isArray(value)) return Promise.all(value.map(render));
    if (!isSettings(value)) return value;
    const rendered: Settings = {};
    for (const [key, item] of Object.entries(value)) rendered[key] = later.has(key) ? item : await render(item);
    return rendered;
  };
  const rendered = await render(tree);
  return isSettings(rendered) ? rendered : {};
}

function settingsGlobals({ file, target, projectName, vars }: SettingsContext): Globals {
  const values = new Map<string, Callable>([
    ["var", variable(vars, file)],
    ["env_var", environmentVariable],
  ]);
  const constants = new Map<string, Value>([
    ["target", fromJs(targetRecord(target))],
    ["project_name", projectName],
    ["modules", pythonModules(() => new Date())],
  ]);
  return { lookup: (name) => constants.get(name) ?? values.get(name) };
}

/** What `target` shows to templates. */
export const targetRecord = (target: TargetInfo): Settings => ({
  name: target.name,
  profile_name: target.name,
  target_name: target.name,
  type: "duckdb",
  database: target.catalog,
  schema: target.schema,
  threads: target.threads,
});

/** `var(name, default)`. */
export function variable(vars: Settings, file: string): Callable {
  return (args, kwargs) => {
    const call = new CallArguments("var", args, kwargs);
    const name = call.text(0, "var");
    if (Object.hasOwn(vars, name)) return fromJs(vars[name]);
    const fallback = call.optional(1, "default");
    if (fallback !== undefined) return fallback;
    const known = Object.keys(vars).join(", ") || "none";
    throw new ProjectError(
      `var("${name}") is not set and has no default (used in ${file}). Set it under "vars" of dbt_project.yml or with --vars; set are: ${known}`,
    );
  };
}

/** The variables that any template has asked for; a kept parse is of no use once one of them differs. */
export const environmentReads = new Set<string>();

/** `env_var(name, default)`. */
export const environmentVariable: Callable = (args, kwargs) => {
  const call = new CallArguments("env_var", args, kwargs);
  const name = call.text(0, "var");
  environmentReads.add(name);
  const found = process.env[name] ?? call.optional(1, "default");
  if (found === undefined) throw new ProjectError(`env_var("${name}"): the environment has no ${name}, and no default is given`);
  return found;
};
