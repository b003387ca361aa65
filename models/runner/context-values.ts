import { createHash, randomUUID } from "node:crypto";
import { parse as parseYamlText, stringify as stringifyYaml } from "yaml";
import { adapterObject } from "./adapter.ts";
import { ColumnInfo } from "./column-info.ts";
import { ConfigObject } from "./config-object.ts";
import type { ContextHost } from "./context.ts";
import { describeNode, projectGraph } from "./describe-node.ts";
import {
  CallArguments,
  Dict,
  MacroReturn,
  PyDateTime,
  PyError,
  PySet,
  TimeZone,
  fromJs,
  iterate,
  parseJson,
  pythonModules,
  toJs,
  toJson,
  toText,
  truthy,
  tuple,
  type Callable,
  type Value,
} from "./jinja/index.ts";
import type { BoundMacros } from "./macros.ts";
import type { Batch } from "./microbatch.ts";
import { Namespace } from "./namespace.ts";
import { variablesFor } from "./project-variables.ts";
import { queryForTemplate } from "./query-result.ts";
import { Relation } from "./relation.ts";
import { environmentVariable, targetRecord, variable } from "./render-settings.ts";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
const invocationId = randomUUID();
const utc = new TimeZone("UTC");
const runStartedAt = PyDateTime.inZone(Date.now(), utc);
const modules = pythonModules(() => new Date());
/** The newest dbt whose context this is; packages compare it with what they need. */
export const dbtVersion = "1.11.0";

/** dbt's built-in names. Each value is made when it is first asked for: most templates use two or three. */
export function contextValues(host: ContextHost, bound: BoundMacros, localPackage: string): (name: string) => Value | undefined {
  const { project, node } = host;
  const makers: Record<string, () => Value> = {
    ...functionMakers(host, localPackage),
    ...statementMakers(host),
    ...dataMakers,
    config: () => new ConfigObject({ config: host.node?.config, execute: host.execute, configure: (settings) => host.configure(settings) }),
    execute: () => host.execute,
    target: () => fromJs(targetRecord(project.target)),
    project_name: () => project.settings.name,
    database: () => node?.database ?? project.target.catalog,
    schema: () => node?.schema ?? project.target.schema,
    dbt_version: () => dbtVersion,
    invocation_id: () => invocationId,
    run_started_at: () => runStartedAt,
    modules: () => modules,
    thread_id: () => "main",
    selected_resources: () => [...(host.selected ?? [])],
    graph: () => (host.execute ? projectGraph(project) : new Dict()),
    flags: () => flags(host),
    invocation_args_dict: () => fromJs({ which: host.command ?? "build", full_refresh: host.fullRefresh, ...host.callArguments }),
    dbt_metadata_envs: () =>
      fromJs(Object.fromEntries(Object.entries(process.env).filter(([key]) => key.startsWith("DBT_ENV_CUSTOM_ENV_")))),
    adapter: () => adapterObject(host, bound, localPackage),
    api: () => api,
    exceptions: () => new Namespace("exceptions", exceptionFunctions(host)),
    context: () =>
      new Namespace(
        "context",
        Object.fromEntries(Object.keys(makers).flatMap((key) => (key === "context" ? [] : [[key, get(key) ?? null]]))),
      ),
    builtins: () => Dict.of(Object.fromEntries(["ref", "source", "config"].map((key) => [key, get(key) ?? null]))),
  };
  if (node) {
    makers.this = () =>
      new Relation({
        database: node.database,
        schema: node.schema,
        identifier: node.alias,
        type: node.config.materialized === "view" ? "view" : "table",
      });
    makers.model = () => {
      const model = fromJs(describeNode(node));
      if (host.batch && model instanceof Dict) model.set("batch", batchRecord(host.batch));
      return model;
    };
  }
  const made = new Map<string, Value>();
  function get(name: string): Value | undefined {
    const found = made.get(name);
    if (found !== undefined || !Object.hasOwn(makers, name)) return found;
    const value = makers[name]?.();
    if (value !== undefined) made.set(name, value);
    return value;
  }
  return get;
}

function functionMakers(host: ContextHost, localPackage: string): Record<string, () => Callable> {
  const { project } = host;
  return {
    ref: () => (args, kwargs) => {
      const [first, second] = args;
      if (typeof first !== "string" || (second !== undefined && typeof second !== "string"))
        throw new PyError("ref() takes a model's name, or a package's and a model's");
      const version = kwargs.get("v") ?? kwargs.get("version") ?? null;
      return host.ref({
        name: second ?? first,
        package: second === undefined ? null : first,
        version: version === null ? null : toText(version),
      });
    },
    source: () => (args) => {
      const [sourceName, tableName] = args;
      if (typeof sourceName !== "string" || typeof tableName !== "string")
        throw new PyError("source() takes a source's name and a table's name");
      return host.source(sourceName, tableName);
    },
    doc: () => (args) => {
      const name = toText(args.at(-1) ?? "");
      const packageName = args.length > 1 ? toText(args[0] ?? "") : null;
      const block = [packageName ?? localPackage, project.settings.name]
        .map((owner) => project.docs.get(`doc.${owner}.${name}`))
        .find((found) => found !== undefined);
      if (!block) throw new PyError(`doc('${name}'): there is no {% docs ${name} %} block`);
      return block.text;
    },
    var: () => variable(variablesFor(project, localPackage), host.node?.file ?? "a macro"),
    env_var: () => environmentVariable,
    log: () => (args, kwargs) => {
      const call = new CallArguments("log", args, kwargs);
      host.log(toText(call.value(0, "msg")), truthy(call.value(1, "info", false)));
      return "";
    },
    print: () => (args) => {
      host.log(toText(args[0] ?? ""), true);
      return "";
    },
    is_incremental: () => () => {
      const { node } = host;
      if (!host.execute || !node || node.config.materialized !== "incremental") return false;
      const own = node.config.full_refresh;
      const full = own === undefined || own === null ? host.fullRefresh : own === true;
      return !full && host.existing(new Relation({ database: node.database, schema: node.schema, identifier: node.alias })) === "table";
    },
  };
}

function statementMakers(host: ContextHost): Record<string, () => Callable> {
  const results = new Map<string, Value>();
  return {
    statement: () => async (args, kwargs) => {
      const call = new CallArguments("statement", args, kwargs);
      const name = call.value(0, "name", null);
      const caller = kwargs.get("caller");
      if (!host.execute || !host.connection) return "";
      let sql: string;
      try {
        sql = typeof caller === "function" ? toText(await caller([], new Map())) : "";
      } catch (thrown) {
        // `return()` inside the block ends the statement before it ran.
        if (thrown instanceof MacroReturn) return thrown.value;
        throw thrown;
      }
      const table = await queryForTemplate(host.connection, sql);
      if (typeof name === "string") results.set(name, Dict.of({ table, data: table.rows.map((row) => tuple(row)), response: "OK" }));
      return "";
    },
    load_result: () => (args, kwargs) => results.get(new CallArguments("load_result", args, kwargs).text(0, "name")) ?? null,
    store_result: () => (args, kwargs) => {
      const call = new CallArguments("store_result", args, kwargs);
      results.set(
        call.text(0, "name"),
        Dict.of({ response: call.value(1, "response", null), table: call.value(2, "agate_table", null), data: [] }),
      );
      return "";
    },
  };
}

const orDefault = (call: CallArguments, make: () => Value): Value => {
  try {
    return make();
  } catch {
    // dbt's fromjson, fromyaml, set and zip give the default for what they can't read.
    return call.value(1, "default", null);
  }
};

function zip(lists: Value[][]): Value[] {
  const shortest = lists.length === 0 ? 0 : Math.min(...lists.map((list) => list.length));
  return Array.from({ length: shortest }, (_, index) => tuple(lists.map((list) => list[index] ?? null)));
}

/** Functions that need nothing of the run. */
const dataMakers: Record<string, () => Callable> = {
  return: () => (args) => {
    throw new MacroReturn(args[0] ?? null);
  },
  tojson: () => (args, kwargs) => {
    const call = new CallArguments("tojson", args, kwargs);
    return toJson(toJs(call.value(0, "value")), truthy(call.value(2, "sort_keys", false)));
  },
  fromjson: () => (args, kwargs) => {
    const call = new CallArguments("fromjson", args, kwargs);
    return orDefault(call, () => fromJs(parseJson(call.text(0, "string"))));
  },
  toyaml: () => (args, kwargs) => stringifyYaml(toJs(new CallArguments("toyaml", args, kwargs).value(0, "value"))),
  fromyaml: () => (args, kwargs) => {
    const call = new CallArguments("fromyaml", args, kwargs);
    return orDefault(call, () => fromJs(parseYamlText(call.text(0, "value"))));
  },
  set: () => (args, kwargs) => {
    const call = new CallArguments("set", args, kwargs);
    return orDefault(call, () => new PySet(iterate(call.value(0, "value", []))));
  },
  set_strict: () => (args) => new PySet(iterate(args[0] ?? [])),
  zip: () => (args, kwargs) => {
    try {
      return zip(args.map(iterate));
    } catch {
      return kwargs.get("default") ?? null;
    }
  },
  zip_strict: () => (args) => zip(args.map(iterate)),
  local_md5: () => (args) => md5(toText(args[0] ?? "")),
  diff_of_two_dicts: () => (args) => {
    const [left, right] = args;
    if (!(left instanceof Dict) || !(right instanceof Dict)) throw new PyError("diff_of_two_dicts() takes two dicts");
    return Dict.of(
      Object.fromEntries(
        left.entries().flatMap(([key, items]) => {
          const others = iterate(right.get(key) ?? []).map((item) => toText(item).toLowerCase());
          const rest = iterate(items).filter((item) => !others.includes(toText(item).toLowerCase()));
          return rest.length === 0 ? [] : [[toText(key), rest]];
        }),
      ),
    );
  },
};

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

const api = new Namespace("api", {
  Relation: new Namespace("Relation", {
    create: createRelation,
    add_ephemeral_prefix: (args) => `__dbt__cte__${toText(args[0] ?? "")}`,
    Table: "table",
    View: "view",
    CTE: "cte",
    External: "external",
  }),
  Column: new Namespace("Column", {
    create: (args) => new ColumnInfo(toText(args[0] ?? ""), toText(args[1] ?? "")),
    translate_type: (args) => {
      const type = toText(args[0] ?? "");
      return type.toLowerCase() === "string" ? "TEXT" : type;
    },
    string_type: () => "varchar",
    numeric_type: (args) =>
      args[1] === null || args[1] === undefined
        ? toText(args[0] ?? "")
        : `${toText(args[0] ?? "")}(${toText(args[1])},${toText(args[2] ?? 0)})`,
  }),
});

/** `flags.WHICH`, `flags.FULL_REFRESH`, … */
const flags = (host: ContextHost): Value =>
  Dict.of({
    WHICH: host.command ?? "build",
    FULL_REFRESH: host.fullRefresh,
    STORE_FAILURES: host.callArguments?.store_failures === true,
    EMPTY: false,
    FAIL_FAST: host.callArguments?.fail_fast === true,
    INDIRECT_SELECTION: String(host.callArguments?.indirect_selection ?? "eager"),
    WARN_ERROR: false,
    DEBUG: false,
    USE_COLORS: false,
    VERSION_CHECK: true,
    CACHE_SELECTED_ONLY: false,
  });

/** `model.batch`: its id, and where it begins and ends. */
const batchRecord = ({ id, start, end }: Batch): Value =>
  Dict.of({
    id,
    event_time_start: PyDateTime.inZone(start.getTime(), utc),
    event_time_end: PyDateTime.inZone(end.getTime(), utc),
  });

function exceptionFunctions(host: ContextHost): Record<string, Callable> {
  const raise =
    (what: string): Callable =>
    (args) => {
      throw new PyError(toText(args[0] ?? what).trim());
    };
  return {
    raise_compiler_error: raise("compiler error"),
    raise_parsing_error: raise("parsing error"),
    raise_database_error: raise("database error"),
    raise_dependency_error: raise("dependency error"),
    raise_not_implemented: raise("not implemented"),
    raise_contract_error: raise("contract error"),
    column_type_missing: raise("a column's data_type is missing"),
    missing_config: (args) => {
      throw new PyError(`the config "${toText(args[1] ?? "")}" is required here and not set`);
    },
    missing_relation: (args) => {
      throw new PyError(`relation ${toText(args[0] ?? "")} is not in the target`);
    },
    relation_wrong_type: (args) => {
      throw new PyError(`${toText(args[0] ?? "")} exists and is not a ${toText(args[1] ?? "")}`);
    },
    warn: (args) => {
      host.log(`warning: ${toText(args[0] ?? "")}`, true);
      return "";
    },
  };
}
