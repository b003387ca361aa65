import type { DuckDBConnection } from "@duckdb/node-api";
import { adapterObject } from "./adapter.ts";
import {
  CallArguments,
  Dict,
  MacroReturn,
  PyError,
  PyObject,
  fromJs,
  iterate,
  toJs,
  toJson,
  firstDefined,
  toText,
  truthy,
  tuple,
  type Callable,
  type Globals,
  type Kwargs,
  type Value,
} from "./jinja/index.ts";
import { BoundMacros, type MacroTable } from "./macros.ts";
import { queryForTemplate } from "./query-result.ts";
import { Relation } from "./relation.ts";
import { environmentVariable, targetRecord, variable } from "./render-settings.ts";
import type { Node, Project, Settings } from "./resources.ts";

/** Everything a template needs from the runner; parsing and running differ only in this. */
export interface ContextHost {
  project: Pick<Project, "settings" | "target" | "vars">;
  macros: MacroTable;
  node: Node | null;
  /** False while parsing: `execute`. */
  execute: boolean;
  fullRefresh: boolean;
  ref(name: string): Relation;
  source(sourceName: string, tableName: string): Relation;
  /** `config(a=1)` in the file. */
  configure(settings: Settings): void;
  connection: DuckDBConnection | undefined;
  /** Type of an existing relation in the target: "table", "view" or undefined. */
  existing(relation: Relation): string | undefined;
  log(message: string, info: boolean): void;
  /** Values that stand before everything else (unit tests, generic tests' arguments). */
  overrides?: Map<string, Value>;
}

export interface Context {
  globals: Globals;
  /** Unique ids of the macros used so far. */
  usedMacros: Set<string>;
}

/** The names a template can use, dbt's meaning. */
export function createContext(host: ContextHost): Context {
  const globals: Globals = { lookup: (name) => lookup(name) };
  const bound = new BoundMacros(globals);
  const values = contextValues(host, bound);
  const { node, project } = host;
  if (node) {
    values.set("this", new Relation({ database: node.database, schema: node.schema, identifier: node.alias, type: "table" }));
    values.set("model", fromJs(describeNode(node)));
  }
  function lookup(name: string): Value | undefined {
    const own = firstDefined(host.overrides?.get(name), values.get(name));
    if (own !== undefined) return own;
    const macro = host.macros.find(name);
    if (macro) return bound.bind(macro);
    if (host.macros.hasPackage(name) || name === project.settings.name) return new PackageNamespace(name, host.macros, bound);
    return undefined;
  }
  return { globals, usedMacros: bound.used };
}

/** `dbt.date_trunc(…)`, `my_project.my_macro(…)`. */
class PackageNamespace extends PyObject {
  private readonly packageName: string;
  private readonly macros: MacroTable;
  private readonly bound: BoundMacros;
  constructor(packageName: string, macros: MacroTable, bound: BoundMacros) {
    super();
    this.packageName = packageName;
    this.macros = macros;
    this.bound = bound;
  }
  attribute(name: string): Value | undefined {
    const macro = this.macros.inPackage(this.packageName, name);
    return macro && this.bound.bind(macro);
  }
  toText(): string {
    return `<package ${this.packageName}>`;
  }
}

/** `config(...)`, `config.get(...)`, `config.require(...)`. */
class ConfigObject extends PyObject {
  private readonly host: ContextHost;
  constructor(host: ContextHost) {
    super();
    this.host = host;
  }
  override call(args: Value[], kwargs: Kwargs): Value {
    const settings: Settings = {};
    if (args[0] instanceof Dict) Object.assign(settings, toJs(args[0]));
    for (const [key, value] of kwargs) settings[key] = toJs(value);
    this.host.configure(settings);
    return "";
  }
  private read(name: string): Value | undefined {
    const config = this.host.node?.config;
    return config && Object.hasOwn(config, name) && config[name] !== undefined ? fromJs(config[name]) : undefined;
  }
  attribute(name: string): Value | undefined {
    if (name === "get")
      return (args, kwargs) => {
        const call = new CallArguments("config.get", args, kwargs);
        return firstDefined(this.read(call.text(0, "name")), call.value(1, "default", null)) ?? null;
      };
    if (name === "require")
      return (args, kwargs) => {
        const key = new CallArguments("config.require", args, kwargs).text(0, "name");
        const found = this.read(key);
        if (found === undefined && this.host.execute) throw new PyError(`the config "${key}" is required here and not set`);
        return found ?? null;
      };
    if (name === "meta_get")
      return (args, kwargs) => {
        const call = new CallArguments("config.meta_get", args, kwargs);
        const meta = this.host.node?.config.meta ?? {};
        const key = call.text(0, "name");
        return Object.hasOwn(meta, key) ? fromJs(meta[key]) : call.value(1, "default", null);
      };
    return this.read(name);
  }
  toText(): string {
    return "<config>";
  }
}

/** A record of functions and values as an object with attributes. */
export class Namespace extends PyObject {
  private readonly name: string;
  private readonly members: Record<string, Value>;
  constructor(name: string, members: Record<string, Value>) {
    super();
    this.name = name;
    this.members = members;
  }
  attribute(name: string): Value | undefined {
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }
  toText(): string {
    return `<${this.name}>`;
  }
}

/** What `model` and `node` show to templates. */
export const describeNode = (node: Node): Settings => ({
  unique_id: node.uniqueId,
  resource_type: node.resourceType,
  name: node.name,
  alias: node.alias,
  database: node.database,
  schema: node.schema,
  fqn: node.fqn,
  original_file_path: node.file,
  package_name: node.fqn[0] ?? "",
  config: node.config,
  description: node.description,
  columns: Object.fromEntries(node.columns.map((column) => [column.name, column])),
  tags: node.config.tags,
  meta: node.config.meta,
});

function contextValues(host: ContextHost, bound: BoundMacros): Map<string, Value> {
  const { project } = host;
  const vars = { ...project.settings.vars, ...project.vars };
  const results = new Map<string, Value>();
  const text = (name: string, args: Value[], kwargs: Kwargs, parameter: string): string =>
    new CallArguments(name, args, kwargs).text(0, parameter);

  const functions: Record<string, Callable> = {
    ref: (args) => {
      const name = args.length > 1 ? args[1] : args[0];
      if (typeof name !== "string") throw new PyError("ref() takes a model's name, or a package's and a model's");
      return host.ref(name);
    },
    source: (args) => {
      const [sourceName, tableName] = args;
      if (typeof sourceName !== "string" || typeof tableName !== "string")
        throw new PyError("source() takes a source's name and a table's name");
      return host.source(sourceName, tableName);
    },
    var: variable(vars, host.node?.file ?? "a macro"),
    env_var: environmentVariable,
    return: (args) => {
      throw new MacroReturn(args[0] ?? null);
    },
    log: (args, kwargs) => {
      const call = new CallArguments("log", args, kwargs);
      host.log(toText(call.value(0, "msg")), truthy(call.value(1, "info", false)));
      return "";
    },
    print: (args) => {
      host.log(toText(args[0] ?? ""), true);
      return "";
    },
    is_incremental: () => {
      const { node } = host;
      if (!host.execute || !node || node.config.materialized !== "incremental") return false;
      const own = node.config.full_refresh;
      const full = own === undefined || own === null ? host.fullRefresh : own === true;
      return !full && host.existing(new Relation({ database: node.database, schema: node.schema, identifier: node.alias })) === "table";
    },
    statement: async (args, kwargs) => {
      const call = new CallArguments("statement", args, kwargs);
      const name = call.value(0, "name", null);
      const caller = kwargs.get("caller");
      const sql = typeof caller === "function" ? toText(await caller([], new Map())) : "";
      if (!host.execute || !host.connection) return "";
      const table = await queryForTemplate(host.connection, sql);
      if (typeof name === "string") results.set(name, Dict.of({ table, data: table.rows.map((row) => tuple(row)), response: "OK" }));
      return "";
    },
    load_result: (args, kwargs) => results.get(text("load_result", args, kwargs, "name")) ?? null,
    tojson: (args, kwargs) => {
      const call = new CallArguments("tojson", args, kwargs);
      return toJson(toJs(call.value(0, "value")), truthy(call.value(2, "sort_keys", false)));
    },
    fromjson: (args, kwargs) => fromJs(JSON.parse(text("fromjson", args, kwargs, "string"))),
    set: (args) => [...new Set(iterate(args[0] ?? []))],
    zip: (args) => {
      const lists = args.map(iterate);
      const shortest = Math.min(...lists.map((list) => list.length));
      return Array.from({ length: lists.length === 0 ? 0 : shortest }, (_, index) => tuple(lists.map((list) => list[index] ?? null)));
    },
  };

  const values = new Map<string, Value>(Object.entries(functions));
  values.set("config", new ConfigObject(host));
  values.set("execute", host.execute);
  values.set("target", fromJs(targetRecord(project.target)));
  values.set("project_name", project.settings.name);
  values.set("database", project.target.catalog);
  values.set("schema", project.target.schema);
  values.set("dbt_version", "1.11.0");
  values.set("flags", Dict.of({ FULL_REFRESH: host.fullRefresh }));
  values.set("adapter", adapterObject(host, bound));
  values.set("api", new Namespace("api", { Relation: new Namespace("Relation", { create: createRelation }) }));
  values.set("exceptions", new Namespace("exceptions", exceptionFunctions(host)));
  return values;
}

const createRelation: Callable = (args, kwargs) => {
  const call = new CallArguments("create", args, kwargs);
  const part = (index: number, name: string): string | null => {
    const value = call.value(index, name, null);
    return value === null ? null : toText(value);
  };
  return new Relation({
    database: part(0, "database"),
    schema: part(1, "schema"),
    identifier: part(2, "identifier") ?? "",
    type: part(3, "type"),
  });
};

function exceptionFunctions(host: ContextHost): Record<string, Callable> {
  return {
    raise_compiler_error: (args) => {
      throw new PyError(toText(args[0] ?? "compiler error"));
    },
    warn: (args) => {
      host.log(`warning: ${toText(args[0] ?? "")}`, true);
      return "";
    },
  };
}
