import type { DuckDBConnection } from "@duckdb/node-api";
import { ProjectError, didYouMean } from "./errors.ts";
import { quoteIdentifier, type Relation } from "./relation.ts";
import type { Node } from "./resources.ts";
import { columnsOfQuery, type ColumnType } from "./statements.ts";

const strategies = ["append", "delete+insert", "merge", "microbatch"];
const schemaChanges = ["ignore", "append_new_columns", "sync_all_columns", "fail"];

export interface IncrementalBuild {
  /** Makes the new rows in a temporary table; runs before `change`, since what it has decides the rest. */
  stage: string[];
  /** Asked after `stage` ran: what brings the rows into the table, as one transaction. */
  change(): Promise<string[]>;
}

/** Adds the rows of a query to an existing table, dbt's way: by strategy, unique key, predicates and on_schema_change. `replaced`: the rows of a batch, as a condition. */
export function incrementalBuild(
  node: Node,
  relation: Relation,
  body: string,
  connection: DuckDBConnection,
  replaced?: string,
): IncrementalBuild {
  const target = relation.toText();
  const staged = quoteIdentifier(`${node.alias}__dbt_tmp`);
  return {
    stage: [`create or replace temp table ${staged} as (\n${body}\n)`],
    async change() {
      const existing = await columnsOfQuery(connection, `select * from ${target}`);
      const source = await columnsOfQuery(connection, `select * from temp.${staged}`);
      const schema = schemaStatements(node, target, existing, source);
      const rows = rowStatements(node, target, `temp.${staged}`, schema.columns, replaced);
      return [...schema.statements, ...rows, `drop table temp.${staged}`];
    },
  };
}

function textSetting(node: Node, key: string, allowed: readonly string[], fallback: string): string {
  const value = node.config[key] ?? fallback;
  if (typeof value === "string" && allowed.includes(value)) return value;
  throw new ProjectError(
    `${node.file}: ${key} must be one of ${allowed.join(", ")}, found ${JSON.stringify(value)}.${didYouMean(String(value), allowed)}`,
  );
}

/** A text or a list of texts. */
export const textList = (value: unknown): string[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value.map(String) : [String(value)];

const named = (columns: readonly ColumnType[], name: string): ColumnType | undefined =>
  columns.find((column) => column.name.toLowerCase() === name.toLowerCase());

function schemaStatements(
  node: Node,
  target: string,
  existing: readonly ColumnType[],
  source: readonly ColumnType[],
): { statements: string[]; columns: string[] } {
  const mode = textSetting(node, "on_schema_change", schemaChanges, "ignore");
  const added = source.filter((column) => !named(existing, column.name));
  const removed = existing.filter((column) => !named(source, column.name));
  const retyped = source.filter((column) => {
    const before = named(existing, column.name);
    return before !== undefined && before.type !== column.type;
  });
  if (mode === "ignore") return { statements: [], columns: existing.map(({ name }) => name) };
  const columns = source.map(({ name }) => name);
  if (mode === "fail") {
    if (added.length + removed.length + retyped.length === 0) return { statements: [], columns };
    const list = (of: readonly ColumnType[]): string => of.map(({ name, type }) => `${name} ${type}`).join(", ") || "none";
    throw new ProjectError(
      `${node.name}: its columns are no longer those of ${target} (on_schema_change: fail). New: ${list(added)}. Gone: ${list(removed)}. ` +
        `Of another type: ${list(retyped)}. Set on_schema_change to append_new_columns or sync_all_columns, or build with --full-refresh`,
    );
  }
  const add = added.map(({ name, type }) => `alter table ${target} add column ${quoteIdentifier(name)} ${type}`);
  if (mode === "append_new_columns") return { statements: add, columns };
  const drop = removed.map(({ name }) => `alter table ${target} drop column ${quoteIdentifier(name)}`);
  const retype = retyped.map(({ name, type }) => `alter table ${target} alter column ${quoteIdentifier(name)} set data type ${type}`);
  return { statements: [...add, ...drop, ...retype], columns };
}

/** Predicates may name the two sides as dbt does: DBT_INTERNAL_DEST and DBT_INTERNAL_SOURCE. */
function rowStatements(node: Node, target: string, staged: string, names: readonly string[], replaced: string | undefined): string[] {
  const keys = textList(node.config.unique_key);
  const strategy = textSetting(node, "incremental_strategy", strategies, keys.length > 0 ? "delete+insert" : "append");
  const columns = names.map(quoteIdentifier).join(", ");
  const insert = `insert into ${target} (${columns}) select ${columns} from ${staged}`;
  if (replaced !== undefined) return [`delete from ${target} where ${replaced}`, insert];
  const predicates = textList(node.config.incremental_predicates ?? node.config.predicates);
  const matches = keys.map((key) => `DBT_INTERNAL_DEST.${column(key)} = DBT_INTERNAL_SOURCE.${column(key)}`);
  if (strategy === "append" || (strategy === "delete+insert" && keys.length === 0)) return [insert];
  if (strategy === "delete+insert") {
    const where = [...matches, ...predicates].map((part) => `(${part})`).join(" and ");
    return [`delete from ${target} as DBT_INTERNAL_DEST using ${staged} as DBT_INTERNAL_SOURCE where ${where}`, insert];
  }
  const on = [...(matches.length > 0 ? matches : ["false"]), ...predicates].map((part) => `(${part})`).join(" and ");
  const updates = updatedColumns(node, names);
  const values = names.map((name) => `DBT_INTERNAL_SOURCE.${quoteIdentifier(name)}`).join(", ");
  return [
    `merge into ${target} as DBT_INTERNAL_DEST using ${staged} as DBT_INTERNAL_SOURCE on ${on}
${updates.length > 0 ? `when matched then update set ${updates.map((name) => `${quoteIdentifier(name)} = DBT_INTERNAL_SOURCE.${quoteIdentifier(name)}`).join(", ")}\n` : ""}when not matched then insert (${columns}) values (${values})`,
  ];
}

/** A unique key may already stand in quotes. */
const column = (key: string): string => (/^".*"$/.test(key) ? key : quoteIdentifier(key));

function updatedColumns(node: Node, names: readonly string[]): string[] {
  const only = textList(node.config.merge_update_columns).map((name) => name.toLowerCase());
  const except = textList(node.config.merge_exclude_columns).map((name) => name.toLowerCase());
  if (only.length > 0 && except.length > 0)
    throw new ProjectError(`${node.file}: set merge_update_columns or merge_exclude_columns, not both`);
  return names.filter((name) => (only.length > 0 ? only.includes(name.toLowerCase()) : !except.includes(name.toLowerCase())));
}
