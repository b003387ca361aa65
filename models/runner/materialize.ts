import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Catalog } from "./catalog.ts";
import { hooks } from "./config.ts";
import type { Compiler } from "./compiler.ts";
import { NodeError, ProjectError } from "./errors.ts";
import { Relation, quoteIdentifier } from "./relation.ts";
import type { Node } from "./resources.ts";
import { isSettings } from "./yaml.ts";

export interface Materialization {
  /** `table model staging.stg_crm__orders`, for the progress line. */
  description: string;
  compiledCode: string | null;
  relationName: string;
}

/** Builds one model or seed in the target, in as few statements as its kind allows. */
export async function materialize(
  node: Node,
  compiler: Compiler,
  catalog: Catalog,
  connection: DuckDBConnection,
  fullRefresh: boolean,
): Promise<Materialization> {
  const relation = new Relation({ database: node.database, schema: node.schema, identifier: node.alias });
  const name = relation.toText();
  const compiledCode = node.resourceType === "seed" ? null : await compiler.compile(node, connection);
  const kind = node.resourceType === "seed" ? "table" : node.config.materialized;
  const before = await renderHooks(node, "pre-hook", compiler, connection);
  const after = await renderHooks(node, "post-hook", compiler, connection);
  const existing = catalog.typeOf(relation);
  const body = trimSemicolon(compiledCode ?? "");
  let statements: string[];
  if (node.resourceType === "seed")
    statements = [...dropOther(name, existing, "table"), `create or replace table ${name} as ${seedQuery(node, compiler)}`];
  else if (kind === "view") statements = [...dropOther(name, existing, "view"), `create or replace view ${name} as (\n${body}\n)`];
  else if (kind === "table") statements = [...dropOther(name, existing, "table"), `create or replace table ${name} as (\n${body}\n)`];
  else if (kind === "incremental") {
    const full = (typeof node.config.full_refresh === "boolean" ? node.config.full_refresh : fullRefresh) || existing !== "table";
    statements = full
      ? [...dropOther(name, existing, "table"), `create or replace table ${name} as (\n${body}\n)`]
      : await incrementalStatements(node, relation, body, connection);
  } else throw new ProjectError(`${node.file}: there is no materialization "${kind}"; known are view, table, incremental, ephemeral`);
  await runStatements(connection, [...before, ...statements, ...after]);
  catalog.put(relation, kind === "view" ? "view" : "table");
  const label = node.resourceType === "seed" ? "seed file" : `sql ${kind} model`;
  return { description: `${label} ${node.schema}.${node.alias}`, compiledCode, relationName: name };
}

/** Runs all statements in one round trip; an error carries the SQL. */
export async function runStatements(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  const sql = statements.join(";\n");
  try {
    await connection.run(sql);
  } catch (cause) {
    throw new NodeError(cause instanceof Error ? cause.message : String(cause), sql, cause);
  }
}

const trimSemicolon = (sql: string): string => sql.replace(/;\s*$/, "");

const dropOther = (name: string, existing: string | undefined, wanted: "table" | "view"): string[] =>
  existing !== undefined && existing !== wanted ? [`drop ${existing} ${name}`] : [];

async function renderHooks(node: Node, key: "pre-hook" | "post-hook", compiler: Compiler, connection: DuckDBConnection): Promise<string[]> {
  const rendered: string[] = [];
  for (const text of hooks(node.config[key])) {
    const sql = trimSemicolon(await compiler.renderText(text, node, connection)).trim();
    if (sql !== "") rendered.push(sql);
  }
  return rendered;
}

/** The rows of a seed's CSV: types guessed from the whole file, `column_types` said by the project. */
function seedQuery(node: Node, compiler: Compiler): string {
  const path = join(compiler.project.settings.directory, node.file);
  const types = isSettings(node.config.column_types) ? Object.entries(node.config.column_types) : [];
  const options = ["header = true", "sample_size = -1"];
  if (types.length > 0)
    options.push(`types = {${types.map(([column, type]) => `${literal(column)}: ${literal(String(type))}`).join(", ")}}`);
  if (typeof node.config.delimiter === "string") options.push(`delim = ${literal(node.config.delimiter)}`);
  return `select * from read_csv(${literal(path)}, ${options.join(", ")})`;
}

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

async function incrementalStatements(node: Node, relation: Relation, body: string, connection: DuckDBConnection): Promise<string[]> {
  const name = relation.toText();
  const staged = quoteIdentifier(`${node.alias}__dbt_tmp`);
  const columns = (await (await connection.run(`describe ${name}`)).getRowsJS()).map((row) => quoteIdentifier(String(row[0]))).join(", ");
  const given = node.config.unique_key;
  const keys = (Array.isArray(given) ? given : given === undefined || given === null ? [] : [given]).map(String);
  const matches = keys.map((key) => `target.${quoteIdentifier(key)} = staged.${quoteIdentifier(key)}`).join(" and ");
  return [
    `create or replace temp table ${staged} as (\n${body}\n)`,
    ...(keys.length > 0 ? [`delete from ${name} as target using temp.${staged} as staged where ${matches}`] : []),
    `insert into ${name} (${columns}) select ${columns} from temp.${staged}`,
    `drop table temp.${staged}`,
  ];
}
