import type { DuckDBConnection } from "@duckdb/node-api";
import type { Catalog } from "./catalog.ts";
import { hooks } from "./config.ts";
import { checkContract, contractTable, hasContract } from "./contract.ts";
import { customMaterialization, runCustomMaterialization } from "./custom-materialization.ts";
import type { Compiler } from "./compiler.ts";
import { BatchError, ProjectError, didYouMean } from "./errors.ts";
import { incrementalBuild } from "./incremental.ts";
import { isMicrobatch, microbatchOf, type Batch, type BatchResults, type Span } from "./microbatch.ts";
import { Relation, spanCondition } from "./relation.ts";
import type { Node } from "./resources.ts";
import { seedQuery } from "./seed-query.ts";
import { snapshotBuild } from "./snapshot.ts";
import { runAtomically, runStatements, trimSemicolon } from "./statements.ts";

export interface Materialization {
  /** `table model staging.stg_crm__orders`, for the progress line. */
  description: string;
  compiledCode: string | null;
  relationName: string | null;
  /** Of a model that is built batch by batch. */
  batches?: BatchResults;
}

export interface MaterializeOptions {
  compiler: Compiler;
  catalog: Catalog;
  connection: DuckDBConnection;
  fullRefresh: boolean;
  /** The time that a snapshot's new versions begin. */
  now: Date;
  /** The connection is in a transaction that the caller ends. */
  inTransaction: boolean;
  /** The span of time that models built batch by batch are built for; default what is due. */
  times?: Span | undefined;
  /** `retry`: these batches and no others, where the table is there. */
  batches?: readonly Span[] | undefined;
}

/** Builds one model, seed or snapshot in the target, in as few statements as its kind allows. */
export async function materialize(node: Node, options: MaterializeOptions): Promise<Materialization> {
  const { compiler, catalog, connection } = options;
  const relation = new Relation({ database: node.database, schema: node.schema, identifier: node.alias });
  const relationName = relation.toText();
  if (isMicrobatch(node)) return { ...(await materializeBatches(node, relation, options)), relationName };
  const compiledCode = node.resourceType === "seed" ? null : await compiler.compile(node, connection);
  const before = await renderHooks(node, "pre-hook", compiler, connection);
  const after = await renderHooks(node, "post-hook", compiler, connection);
  const kind = await build(node, relation, trimSemicolon(compiledCode ?? ""), { ...options, before, after });
  catalog.put(relation, kind === "view" ? "view" : "table");
  return { description: `${label(node, kind)} ${node.schema}.${node.alias}`, compiledCode, relationName };
}

const label = (node: Node, kind: string): string =>
  node.resourceType === "seed" ? "seed file" : node.resourceType === "snapshot" ? "snapshot" : `sql ${kind} model`;

interface BuildOptions extends MaterializeOptions {
  before: string[];
  after: string[];
  /** The rows to make, of a model built batch by batch. */
  batch?: Batch & { eventTime: string };
}

/** Answers what the relation is now. */
async function build(node: Node, relation: Relation, body: string, options: BuildOptions): Promise<string> {
  const { compiler, catalog, connection, before, after, batch } = options;
  const name = relation.toText();
  const existing = catalog.typeOf(relation);
  const replace = (kind: "table" | "view", query: string): Promise<void> =>
    runStatements(connection, [...before, ...dropOther(name, existing, kind), `create or replace ${kind} ${name} as ${query}`, ...after]);
  const stepwise = async ({ stage, change }: { stage: string[]; change(): Promise<string[]> }): Promise<void> => {
    if (before.length + stage.length > 0) await runStatements(connection, [...before, ...stage]);
    const statements = [...(await change()), ...after];
    await (options.inTransaction ? runStatements(connection, statements) : runAtomically(connection, statements));
  };
  if (node.resourceType === "seed") {
    await replace("table", seedQuery(node, compiler.project.settings.directory));
    return "table";
  }
  if (node.resourceType === "snapshot") {
    await stepwise(snapshotBuild({ node, relation, body, exists: existing !== undefined, connection, now: options.now }));
    return "table";
  }
  const kind = node.config.materialized;
  const contract = hasContract(node);
  if (contract) await checkContract(node, body, connection);
  const create = async (as: "table" | "view"): Promise<void> => {
    if (!contract || as === "view") return replace(as, `(\n${body}\n)`);
    const change = async (): Promise<string[]> => [
      ...dropOther(name, existing, as),
      ...(await contractTable(node, name, body, compiler, connection)),
    ];
    return stepwise({ stage: [], change });
  };
  const custom = customMaterialization(compiler.project, kind);
  if (custom) await runCustomMaterialization({ macro: custom, node, sql: body, before, after, compiler, connection });
  else if (kind === "view" || kind === "table") await create(kind);
  else if (kind === "incremental") {
    const isNew = batch ? batch.isFirst : isBuiltAnew(node, options.fullRefresh, existing);
    const replaced = batch && spanCondition(batch.eventTime, batch);
    await (isNew ? create("table") : stepwise(incrementalBuild(node, relation, body, connection, replaced)));
  } else {
    const known = ["view", "table", "incremental", "ephemeral"];
    throw new ProjectError(
      `${node.file}: there is no materialization "${kind}"; known are ${known.join(", ")} and those of {% materialization %} blocks.${didYouMean(kind, known)}`,
    );
  }
  return kind;
}

const dropOther = (name: string, existing: string | undefined, wanted: "table" | "view"): string[] =>
  existing !== undefined && existing !== wanted ? [`drop ${existing} ${name}`] : [];

/** One batch after the other, each a transaction of its own: what failed can be built again without the rest. */
async function materializeBatches(
  node: Node,
  relation: Relation,
  options: MaterializeOptions,
): Promise<Pick<Materialization, "description" | "compiledCode" | "batches">> {
  const { compiler, catalog, connection, times, now } = options;
  const existing = catalog.typeOf(relation);
  const only = existing === "table" ? options.batches : undefined;
  const isNew = isBuiltAnew(node, options.fullRefresh, existing);
  const { eventTime, batches } = microbatchOf(node, { isNew, now, times, only });
  const results: BatchResults = { successful: [], failed: [] };
  const failures: string[] = [];
  let compiledCode: string | null = null;
  for (const [index, batch] of batches.entries()) {
    compiledCode = await compiler.compile(node, connection, undefined, batch);
    const before = index === 0 ? await renderHooks(node, "pre-hook", compiler, connection) : [];
    const after = index === batches.length - 1 ? await renderHooks(node, "post-hook", compiler, connection) : [];
    try {
      await build(node, relation, trimSemicolon(compiledCode), { ...options, before, after, batch: { ...batch, eventTime } });
      catalog.put(relation, "table");
      results.successful.push(batch);
    } catch (error) {
      // Without the first one there is no table for the others to go into.
      if (batch.isFirst) throw error;
      results.failed.push(batch);
      failures.push(`batch ${batch.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (failures.length > 0)
    throw new BatchError(`${failures.length} of ${batches.length} batches failed\n${failures.join("\n")}`, compiledCode ?? "", results);
  const description = `sql microbatch model ${node.schema}.${node.alias} (${batches.length} batches)`;
  return { description, compiledCode, batches: results };
}

/** True where an incremental model starts from nothing. */
function isBuiltAnew(node: Node, fullRefresh: boolean, existing: string | undefined): boolean {
  const own = node.config.full_refresh;
  return (typeof own === "boolean" ? own : fullRefresh) || existing !== "table";
}

async function renderHooks(node: Node, key: "pre-hook" | "post-hook", compiler: Compiler, connection: DuckDBConnection): Promise<string[]> {
  const rendered: string[] = [];
  for (const text of hooks(node.config[key])) {
    const sql = trimSemicolon(await compiler.renderText(text, node, connection)).trim();
    if (sql !== "") rendered.push(sql);
  }
  return rendered;
}
