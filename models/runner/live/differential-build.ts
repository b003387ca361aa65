import type { DuckDBConnection } from "@duckdb/node-api";
import type { BuildTools } from "../execute.ts";
import { hasContract } from "../contract.ts";
import { hooks } from "../config.ts";
import type { Materialization } from "../materialize.ts";
import { Relation, quoteIdentifier } from "../relation.ts";
import type { Node, Project } from "../resources.ts";
import { columnsOfQuery, runAtomically, runStatements, trimSemicolon } from "../statements.ts";
import type { ChangedRows } from "./changed-rows.ts";
import { createTable } from "./create-table.ts";
import { inputRelation } from "./input-relation.ts";
import { keyedRuleOf, type KeyedRule } from "./keyed-rule.ts";
import type { SourceChanges } from "./source-changes.ts";
import { differingRows, keyColumn, keysReached, narrowedInputs } from "./keyed-sql.ts";

export interface DifferentialOptions {
  project: Project;
  changes: ChangedRows;
  /** Unique ids of models that are to be made whole. */
  whole: ReadonlySet<string>;
  /** Schema for tables on the way, `catalog.schema`: where the builder may write at this moment. */
  area: string;
  /** The connection is in a transaction that the caller ends. */
  inTransaction: boolean;
  /** What is known of the sources' changed rows, for models that read any. */
  sources?: SourceChanges;
}

/** More rows than this share of a table, and the whole table is the cheaper way. */
const keyedShare = 0.2;
const alwaysKeyed = 100;

/**
 * Builds a model so that only what differs is written, and tells `changes` which rows those are. By keys where the model's `meta.live` allows it and the
 * changed rows of its inputs are known, else whole. The relation ends as a whole build would leave it.
 */
export async function buildDifferentially(node: Node, tools: BuildTools, options: DifferentialOptions): Promise<Materialization> {
  const { changes } = options;
  const relation = new Relation({ database: node.database, schema: node.schema, identifier: node.alias });
  if (tools.catalog.typeOf(relation) !== "table") return unknown(node, tools, changes);
  if (!isPlainTable(node, tools)) return around(node, relation, tools, options);
  const rule = keyedRuleOf(node, options.project);
  const task: Task = {
    node,
    relation,
    tools,
    options,
    rule,
    place: (name) => `${options.area}.${quoteIdentifier(`${name} ${node.uniqueId}`)}`,
  };
  return (rule && (await byKeys(task, rule))) ?? whole(task);
}

interface Task {
  node: Node;
  relation: Relation;
  tools: BuildTools;
  options: DifferentialOptions;
  rule: KeyedRule | null;
  /** A table on the way, by what it is for. */
  place: (name: string) => string;
}

/** A table of one query and nothing besides: what hooks, contracts and other materializations do can't be told beforehand. */
export const isPlainTable = (node: Node, { isCustom }: BuildTools): boolean =>
  node.resourceType === "model" &&
  node.config.materialized === "table" &&
  !isCustom &&
  !hasContract(node) &&
  hooks(node.config["pre-hook"]).length + hooks(node.config["post-hook"]).length === 0;

async function unknown(node: Node, tools: BuildTools, changes: ChangedRows): Promise<Materialization> {
  const built = await tools.materialize();
  changes.put(node.uniqueId, null);
  return built;
}

/** Built as the runner builds it, and compared with a copy of what was there. */
async function around(node: Node, relation: Relation, tools: BuildTools, options: DifferentialOptions): Promise<Materialization> {
  const { connection } = tools;
  const name = relation.toText();
  const before = `${options.area}.${quoteIdentifier(`before ${node.uniqueId}`)}`;
  await createTable(connection, before, `select * from ${name}`);
  const built = await tools.materialize();
  const [old, now] = [
    await columnsOfQuery(connection, `select * from ${before}`),
    await columnsOfQuery(connection, `select * from ${name}`),
  ];
  if (JSON.stringify(old) !== JSON.stringify(now)) options.changes.put(node.uniqueId, null);
  else {
    const columns = now.map((column) => column.name);
    await noteDifference({ node, columns, before, after: name, connection, options });
  }
  await runStatements(connection, [`drop table ${before}`]);
  return built;
}

/** Null when the keys can't be found or are too many. */
async function byKeys(task: Task, rule: KeyedRule): Promise<Materialization | null> {
  const { node, relation, tools, options, place } = task;
  const { connection, compiler } = tools;
  const { changes } = options;
  if (options.whole.has(node.uniqueId)) return null;
  const changed = node.dependsOn.flatMap((id) => {
    const rows = options.project.sources.has(id) ? options.sources?.rowsOf(id) : changes.hasChanged(id) ? changes.rowsOf(id) : undefined;
    return rows === undefined ? [] : [{ id, rows }];
  });
  const selects: string[] = [];
  const relationOf = (id: string): string => inputRelation(compiler, id).toText();
  for (const { id, rows } of changed) {
    if (rows === null || !rule.inputs.has(id)) return null;
    selects.push(...keysReached(rule, id, rows, relationOf));
  }
  if (selects.length === 0) return null;
  const keys = place("keys");
  const reached = `select distinct ${keyColumn} from (${selects.join(" union all ")}) as kehu_reached where ${keyColumn} is not null`;
  const keyCount = await createTable(connection, keys, reached);
  const name = relation.toText();
  const most = Math.max(alwaysKeyed, Math.floor(keyedShare * (await countRows(connection, name))));
  if (keyCount > most) {
    await drop(connection, [keys]);
    return null;
  }
  const before = place("before");
  const after = place("after");
  const inputOf = (id: string): string => quoteIdentifier(`kehu ${id}`);
  const relations = new Map([...rule.inputs.keys()].map((id) => [id, narrowed(inputRelation(compiler, id), inputOf(id))]));
  const sql = trimSemicolon(await compiler.compile(node, connection, { relations, overrides: new Map(), vars: {} }));
  if (keyCount > 0) {
    const ofKeys = `select * from ${name} where ${quoteIdentifier(rule.key)} in (select ${keyColumn} from ${keys})`;
    // One more than would do: whether there are too many is to be known, not how many.
    const reachedRows = await createTable(connection, before, `${ofKeys} limit ${most + 1}`);
    if (reachedRows > most) {
      await drop(connection, [before, keys]);
      return null;
    }
    // As one statement, what the SQL does not ask of an input is not read.
    const inputs = [...narrowedInputs(rule, keys, (id) => logged(task, rule, id) ?? relationOf(id), inputOf)].map(
      ([id, select]) => `${inputOf(id)} as materialized (${select})`,
    );
    const given = inputs.length === 0 ? "" : `with ${inputs.join(",\n")}\n`;
    await createTable(connection, after, `${given}select * from (\n${sql}\n) as kehu_rows`);
    const columns = await columnNames(connection, after);
    await checkKeys(task, rule, keys, after);
    const differing = await noteDifference({ node, columns, before, after, connection, options });
    if (differing > 0) await writeKeys(task, rule, columns, after);
  }
  await drop(connection, keyCount > 0 ? [before, after, keys] : [keys]);
  return {
    description: `keyed table model ${node.schema}.${node.alias} (${keyCount} keys)`,
    compiledCode: sql,
    relationName: relation.toText(),
  };
}

/** All rows of the only input that lead to keys, when it is a source whose log has them. */
function logged({ options }: Task, rule: KeyedRule, id: string): string | null {
  const input = rule.inputs.get(id);
  return rule.inputs.size === 1 && input && "column" in input ? (options.sources?.latestOf(id, input.column) ?? null) : null;
}

async function countRows(connection: DuckDBConnection, relation: string): Promise<number> {
  return Number((await (await connection.run(`select count(*) from ${relation}`)).getRowsJS())[0]?.[0]);
}

/** Reads like the input, a table of some of its rows. */
const narrowed = (input: Relation, text: string): Relation =>
  new Relation({ database: input.database, schema: input.schema, identifier: input.identifier, type: "table", text });

async function whole(task: Task): Promise<Materialization> {
  const { node, relation, tools, options, place } = task;
  const { connection } = tools;
  const name = relation.toText();
  const sql = trimSemicolon(await tools.compiler.compile(node, connection));
  const after = place("after");
  await createTable(connection, after, `(\n${sql}\n)`);
  const [old, now] = [
    await columnsOfQuery(connection, `select * from ${name}`),
    await columnsOfQuery(connection, `select * from ${after}`),
  ];
  const columns = now.map((column) => column.name);
  if (JSON.stringify(old) !== JSON.stringify(now)) {
    options.changes.put(node.uniqueId, null);
    await inOneStep(task, [`create or replace table ${name} as select * from ${after}`]);
  } else {
    const differing = await noteDifference({ node, columns, before: name, after, connection, options });
    if (differing > 0) await write(task, columns, after, differing);
  }
  await drop(connection, [after]);
  return { description: `sql table model ${node.schema}.${node.alias}`, compiledCode: sql, relationName: name };
}

const columnNames = async (connection: DuckDBConnection, relation: string): Promise<string[]> =>
  (await columnsOfQuery(connection, `select * from ${relation}`)).map((column) => column.name);

interface Comparison {
  node: Node;
  columns: readonly string[];
  before: string;
  after: string;
  connection: DuckDBConnection;
  options: DifferentialOptions;
}

export const changedRowsTable = (area: string, node: Node): string => `${area}.${quoteIdentifier(`changed ${node.uniqueId}`)}`;

/** How many rows differ; if any, they stay in a table that `changes` knows. */
async function noteDifference({ node, columns, before, after, connection, options }: Comparison): Promise<number> {
  const rows = changedRowsTable(options.area, node);
  const count = await createTable(connection, rows, differingRows(columns, before, after));
  if (count > 0) options.changes.put(node.uniqueId, rows);
  return count;
}

/** The rows that differ, and those that share its columns with one, from `after`, which has all rows of their keys. */
async function writeKeys(task: Task, rule: KeyedRule, columns: readonly string[], after: string): Promise<void> {
  const name = task.relation.toText();
  const rows = changedRowsTable(task.options.area, task.node);
  const list = columns.map(quoteIdentifier).join(", ");
  const isAmong = (column: string): string => `${quoteIdentifier(column)} in (select ${quoteIdentifier(column)} from ${rows})`;
  const isFiner =
    rule.row !== rule.key && (await countRows(task.tools.connection, `(from ${rows} where ${quoteIdentifier(rule.row)} is null)`)) === 0;
  const these = [rule.key, ...(isFiner ? [rule.row] : [])].map(isAmong).join(" and ");
  await inOneStep(task, [
    `delete from ${name} where ${these}`,
    `insert into ${name} (${list}) select ${list} from ${after} where ${these}`,
  ]);
}

/** The same from a whole `after`; all of it when there is no key or much differs. */
async function write(task: Task, columns: readonly string[], after: string, differing: number): Promise<void> {
  const { node, relation, tools, options, rule } = task;
  const name = relation.toText();
  if (rule && differing <= keyedShare * (await countRows(tools.connection, name))) {
    const rows = changedRowsTable(options.area, node);
    const withoutKey = await countRows(tools.connection, `(from ${rows} where ${quoteIdentifier(rule.key)} is null)`);
    if (withoutKey === 0) return writeKeys(task, rule, columns, after);
  }
  return inOneStep(task, [`create or replace table ${name} as select * from ${after}`]);
}

/** A model that makes rows of keys it was not asked for does not keep to its `meta.live`. */
async function checkKeys({ node, tools }: Task, rule: KeyedRule, keys: string, after: string): Promise<void> {
  const key = quoteIdentifier(rule.key);
  const found = await tools.connection.run(
    `select count(*), any_value(${key}) from ${after} where ${key} is null or ${key} not in (select ${keyColumn} from ${keys})`,
  );
  const [count, value] = (await found.getRowsJson())[0] ?? [];
  if (Number(count) === 0) return;
  throw new Error(
    `${node.name}: meta.live: asked for the rows of some ${rule.key}, its SQL also gave others (${String(value)}). Its rows do not depend on ${rule.key} alone as declared: mend the rule or take it away`,
  );
}

const inOneStep = ({ tools, options }: Task, statements: readonly string[]): Promise<void> =>
  options.inTransaction ? runStatements(tools.connection, statements) : runAtomically(tools.connection, statements);

const drop = (connection: DuckDBConnection, tables: readonly string[]): Promise<void> =>
  runStatements(
    connection,
    tables.map((table) => `drop table ${table}`),
  );
