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
import { madeInputs } from "./made-rows.ts";
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
/** Tables on the way with no more rows than this wait for the next build to be dropped, all of them at once. */
const fewRows = 10_000;

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
  else await noteDifference({ node, before, after: name, connection, options });
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
  const most = Math.max(alwaysKeyed, Math.floor(keyedShare * tools.catalog.sizeOf(relation)));
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
    const made = await madeInputs(rule, keys, changes, connection);
    const readFrom = (id: string): string => logged(task, rule, id) ?? made.get(id) ?? relationOf(id);
    const inputs = [...narrowedInputs(rule, keys, readFrom, inputOf)].map(([id, select]) => `${inputOf(id)} as materialized (${select})`);
    const given = inputs.length === 0 ? "" : `with ${inputs.join(",\n")}\n`;
    const madeRows = await createTable(connection, after, `${given}select * from (\n${sql}\n) as kehu_rows`);
    const differing = await noteDifference({ node, before, after, connection, options });
    if (differing > 0) await writeKeys(task, rule, await changedKeys(task, rule, keys), after);
    if (options.inTransaction || Math.max(keyCount, reachedRows, madeRows) > fewRows) await drop(connection, [before, after, keys]);
    else changes.putMade(node.uniqueId, { key: rule.key, keys, rows: after });
  }
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
  if (JSON.stringify(old) !== JSON.stringify(now)) {
    options.changes.put(node.uniqueId, null);
    await inOneStep(task, [`create or replace table ${name} as select * from ${after}`]);
  } else {
    const differing = await noteDifference({ node, before: name, after, connection, options });
    if (differing > 0) await write(task, after, differing);
  }
  await drop(connection, [after]);
  return { description: `sql table model ${node.schema}.${node.alias}`, compiledCode: sql, relationName: name };
}

interface Comparison {
  node: Node;
  before: string;
  after: string;
  connection: DuckDBConnection;
  options: DifferentialOptions;
}

export const changedRowsTable = (area: string, node: Node): string => `${area}.${quoteIdentifier(`changed ${node.uniqueId}`)}`;

/** How many rows differ; if any, they stay in a table that `changes` knows. */
async function noteDifference({ node, before, after, connection, options }: Comparison): Promise<number> {
  const rows = changedRowsTable(options.area, node);
  const count = await createTable(connection, rows, differingRows(before, after));
  if (count > 0) options.changes.put(node.uniqueId, rows);
  return count;
}

interface ChangedKeys {
  /** Changed rows without a key, or with one that was not asked for, and such a key. */
  strange: number;
  example: string;
  /** Changed rows that nothing tells apart from others of their key. */
  withoutRow: number;
}

/** `asked`: the table of the keys that rows were made of; without it rows of all keys were. */
async function changedKeys({ node, tools, options }: Task, rule: KeyedRule, asked: string | null): Promise<ChangedKeys> {
  const [key, row] = [quoteIdentifier(rule.key), quoteIdentifier(rule.row)];
  const isStrange = `${key} is null${asked === null ? "" : ` or ${key} not in (select ${keyColumn} from ${asked})`}`;
  const counted = await tools.connection.run(
    `select count(*) filter (kehu_is_strange), any_value(${key}) filter (kehu_is_strange), count(*) filter (${row} is null) from (select *, ${isStrange} as kehu_is_strange from ${changedRowsTable(options.area, node)})`,
  );
  const [strange, example, withoutRow] = (await counted.getRowsJson())[0] ?? [];
  return { strange: Number(strange), example: String(example), withoutRow: Number(withoutRow) };
}

/** The rows that differ, and those that share its columns with one, from `after`, which has all rows of their keys. */
async function writeKeys(task: Task, rule: KeyedRule, changed: ChangedKeys, after: string): Promise<void> {
  const { node, options } = task;
  // A model that makes rows of keys it was not asked for does not keep to its `meta.live`.
  if (changed.strange > 0)
    throw new Error(
      `${node.name}: meta.live: asked for the rows of some ${rule.key}, its SQL also gave others (${changed.example}). Its rows do not depend on ${rule.key} alone as declared: mend the rule or take it away`,
    );
  const name = task.relation.toText();
  const rows = changedRowsTable(options.area, node);
  const isAmong = (column: string): string => `${quoteIdentifier(column)} in (select ${quoteIdentifier(column)} from ${rows})`;
  const isFiner = rule.row !== rule.key && changed.withoutRow === 0;
  const these = [rule.key, ...(isFiner ? [rule.row] : [])].map(isAmong).join(" and ");
  await inOneStep(task, [`delete from ${name} where ${these}`, `insert into ${name} by name select * from ${after} where ${these}`]);
}

/** The same from a whole `after`; all of it when there is no key or much differs. */
async function write(task: Task, after: string, differing: number): Promise<void> {
  const { relation, tools, rule } = task;
  if (rule && differing <= keyedShare * tools.catalog.sizeOf(relation)) {
    const changed = await changedKeys(task, rule, null);
    if (changed.strange === 0) return writeKeys(task, rule, changed, after);
  }
  return inOneStep(task, [`create or replace table ${relation.toText()} as select * from ${after}`]);
}

const inOneStep = ({ tools, options }: Task, statements: readonly string[]): Promise<void> =>
  options.inTransaction ? runStatements(tools.connection, statements) : runAtomically(tools.connection, statements);

const drop = (connection: DuckDBConnection, tables: readonly string[]): Promise<void> =>
  runStatements(
    connection,
    tables.map((table) => `drop table ${table}`),
  );
