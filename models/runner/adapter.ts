import type { ContextHost } from "./context.ts";
import { ColumnInfo } from "./column-info.ts";
import { didYouMean } from "./errors.ts";
import { CallArguments, Dict, PyError, fromJs, toText, truthy, tuple, type Callable, type Value } from "./jinja/index.ts";
import type { BoundMacros } from "./macros.ts";
import { Namespace } from "./namespace.ts";
import { QueryResult, queryForTemplate } from "./query-result.ts";
import { Relation, quoteIdentifier } from "./relation.ts";

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const relationArgument = (value: Value | undefined, owner: string): Relation => {
  if (value instanceof Relation) return value;
  throw new PyError(`adapter.${owner}() needs a relation, such as ref('orders') or this`);
};

/** `adapter`: quoting, dispatch, questions about what exists in the target, and changes of it. */
export function adapterObject(host: ContextHost, bound: BoundMacros, localPackage: string): Namespace {
  return new Namespace("adapter duckdb", { ...naming(host, bound, localPackage), ...questions(host), ...changes(host) });
}

function naming(host: ContextHost, bound: BoundMacros, localPackage: string): Record<string, Callable> {
  return {
    quote: (args) => quoteIdentifier(toText(args[0] ?? "")),
    quote_as_configured: (args) => quoteIdentifier(toText(args[0] ?? "")),
    quote_seed_column: (args) => (args[1] === false ? toText(args[0] ?? "") : quoteIdentifier(toText(args[0] ?? ""))),
    type: () => "duckdb",
    is_motherduck: () => false,
    dispatch: (args, kwargs) => {
      const call = new CallArguments("dispatch", args, kwargs);
      const name = call.text(0, "macro_name");
      const namespace = call.value(1, "macro_namespace", call.kwargs.get("packages") ?? null);
      if (name.includes(".")) throw new PyError(`adapter.dispatch("${name}"): name the package as the second argument`);
      const macro = host.macros.dispatch(name, typeof namespace === "string" ? namespace : null, localPackage);
      if (!macro) {
        const hint = didYouMean(`default__${name}`, host.macros.names());
        throw new PyError(`adapter.dispatch("${name}"): there is neither duckdb__${name} nor default__${name}.${hint}`);
      }
      return bound.bind(macro);
    },
  };
}

/** What reads the target; while parsing there is nothing to read. */
function questions(host: ContextHost): Record<string, Callable> {
  const query = async (sql: string): Promise<Value[][]> =>
    host.execute && host.connection ? (await queryForTemplate(host.connection, sql)).rows : [];
  const columns = async (query: string): Promise<ColumnInfo[]> => {
    if (!host.execute || !host.connection) return [];
    const rows = await (await host.connection.run(`describe ${query}`)).getRowsJS();
    return rows.map((row) => new ColumnInfo(String(row[0]), String(row[1])));
  };
  const relationsIn = async (database: string, schema: string, identifier?: string): Promise<Relation[]> => {
    const rows = await query(`select table_catalog, table_schema, table_name, table_type from information_schema.tables
where lower(table_catalog) = lower(${literal(database)}) and lower(table_schema) = lower(${literal(schema)})
${identifier === undefined ? "" : `and lower(table_name) = lower(${literal(identifier)})`} order by table_name`);
    return rows.map(
      ([database, schema, name, type]) =>
        new Relation({
          database: String(database),
          schema: String(schema),
          identifier: String(name),
          type: String(type).toLowerCase().includes("view") ? "view" : "table",
        }),
    );
  };
  const exists = async (database: Value, schema: Value): Promise<boolean> => {
    const rows = await query(
      `select 1 from information_schema.schemata where lower(catalog_name) = lower(${literal(toText(database))}) and lower(schema_name) = lower(${literal(toText(schema))})`,
    );
    return rows.length > 0;
  };
  const missing = async (from: Value | undefined, to: Value | undefined): Promise<ColumnInfo[]> => {
    const has = (await columns(`select * from ${toText(to ?? "")}`)).map((column) => toText(column.attribute("name") ?? "").toLowerCase());
    return (await columns(`select * from ${toText(from ?? "")}`)).filter(
      (column) => !has.includes(toText(column.attribute("name") ?? "").toLowerCase()),
    );
  };
  return {
    get_columns_in_relation: (args) => columns(`select * from ${toText(args[0] ?? "")}`),
    get_column_schema_from_query: (args) => columns(toText(args[0] ?? "")),
    get_missing_columns: (args) => missing(args[0], args[1]),
    get_relation: async (args, kwargs) => {
      const call = new CallArguments("get_relation", args, kwargs);
      const part = (index: number, name: string): string => toText(call.value(index, name, null) ?? "");
      const database = part(0, "database") || host.project.target.catalog;
      return (await relationsIn(database, part(1, "schema"), part(2, "identifier")))[0] ?? null;
    },
    load_relation: async (args) => {
      const { database, schema, identifier } = relationArgument(args[0], "load_relation");
      return (await relationsIn(database ?? host.project.target.catalog, schema ?? "", identifier))[0] ?? null;
    },
    list_relations: (args) => relationsIn(toText(args[0] ?? ""), toText(args[1] ?? "")),
    list_relations_without_caching: (args) => {
      const { database, schema } = relationArgument(args[0], "list_relations_without_caching");
      return relationsIn(database ?? host.project.target.catalog, schema ?? "");
    },
    already_exists: async (args) =>
      (await relationsIn(host.project.target.catalog, toText(args[0] ?? ""), toText(args[1] ?? ""))).length > 0,
    check_schema_exists: (args) => exists(args[0] instanceof Relation ? args[0].database : (args[0] ?? ""), args[1] ?? ""),
    list_schemas: async (args) =>
      (
        await query(
          `select schema_name from information_schema.schemata where lower(catalog_name) = lower(${literal(toText(args[0] ?? ""))})`,
        )
      ).map((row) => row[0] ?? null),
    execute: async (args, kwargs) => {
      const call = new CallArguments("execute", args, kwargs);
      const empty = new QueryResult([], []);
      if (!host.execute || !host.connection) return tuple(["", empty]);
      const table = await queryForTemplate(host.connection, call.text(0, "sql"));
      return tuple(["OK", truthy(call.value(2, "fetch", false)) ? table : empty]);
    },
    verify_database: () => null,
    cache_added: () => null,
    cache_dropped: () => null,
    cache_renamed: () => null,
    expand_target_column_types: () => null,
    commit_if_has_connection: () => null,
    valid_incremental_strategies: () => ["append", "delete+insert", "merge"],
    get_incremental_strategy_macro: (args) => {
      const name = `get_incremental_${toText(args[1] ?? "").replace("+", "_")}_sql`;
      throw new PyError(`adapter.get_incremental_strategy_macro: "${name}" is built in here; set incremental_strategy instead`);
    },
    standardize_grants_dict: () => new Dict(),
  };
}

/** What writes to the target; while parsing it does nothing. */
function changes(host: ContextHost): Record<string, Callable> {
  const run = async (sql: string): Promise<null> => {
    if (host.execute && host.connection) await host.connection.run(sql);
    return null;
  };
  const kindOf = (relation: Relation): string => relation.type ?? host.existing(relation) ?? "table";
  const schemaOf = ({ database, schema }: Relation): string =>
    [database, schema]
      .filter((part) => part !== null)
      .map(quoteIdentifier)
      .join(".");
  return {
    create_schema: (args) => run(`create schema if not exists ${schemaOf(relationArgument(args[0], "create_schema"))}`),
    drop_schema: (args) => run(`drop schema if exists ${schemaOf(relationArgument(args[0], "drop_schema"))} cascade`),
    drop_relation: async (args) => {
      const relation = relationArgument(args[0], "drop_relation");
      await run(`drop ${kindOf(relation)} if exists ${relation.toText()}`);
      if (host.execute) host.forget(relation);
      return null;
    },
    rename_relation: async (args) => {
      const from = relationArgument(args[0], "rename_relation");
      const to = relationArgument(args[1], "rename_relation");
      await run(`alter ${kindOf(from)} ${from.toText()} rename to ${quoteIdentifier(to.identifier)}`);
      if (host.execute) host.forget(from);
      return null;
    },
    truncate_relation: (args) => run(`truncate ${relationArgument(args[0], "truncate_relation").toText()}`),
    add_query: async (args) => {
      await run(toText(args[0] ?? ""));
      return tuple([null, fromJs(null)]);
    },
  };
}
