import type { DuckDBConnection } from "@duckdb/node-api";
import type { Catalog } from "./catalog.ts";
import { hooks } from "./config.ts";
import { checkContract, contractTable, hasContract } from "./contract.ts";
import { customMaterialization, runCustomMaterialization } from "./custom-materialization.ts";
import type { Compiler } from "./compiler.ts";
import { ProjectError, didYouMean } from "./errors.ts";
import { incrementalBuild } from "./incremental.ts";
import { Relation } from "./relation.ts";
import type { Node } from "./resources.ts";
import { seedQuery } from "./seed-query.ts";
import { snapshotBuild } from "./snapshot.ts";
import { runAtomically, runStatements, trimSemicolon } from "./statements.ts";

export interface Materialization {
  /** `table model staging.stg_crm__orders`, for the progress line. */
  description: string;
  compiledCode: string | null;
  relationName: string | null;
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
}

/** Builds one model, seed or snapshot in the target, in as few statements as its kind allows. */
export async function materialize(node: Node, options: MaterializeOptions): Promise<Materialization> {
  const { compiler, catalog, connection } = options;
  const relation = new Relation({ database: node.database, schema: node.schema, identifier: node.alias });
  const compiledCode = node.resourceType === "seed" ? null : await compiler.compile(node, connection);
  const before = await renderHooks(node, "pre-hook", compiler, connection);
  const after = await renderHooks(node, "post-hook", compiler, connection);
  const kind = await build(node, relation, trimSemicolon(compiledCode ?? ""), { ...options, before, after });
  catalog.put(relation, kind === "view" ? "view" : "table");
  return { description: `${label(node, kind)} ${node.schema}.${node.alias}`, compiledCode, relationName: relation.toText() };
}

const label = (node: Node, kind: string): string =>
  node.resourceType === "seed" ? "seed file" : node.resourceType === "snapshot" ? "snapshot" : `sql ${kind} model`;

interface BuildOptions extends MaterializeOptions {
  before: string[];
  after: string[];
}

/** Answers what the relation is now. */
async function build(node: Node, relation: Relation, body: string, options: BuildOptions): Promise<string> {
  const { compiler, catalog, connection, before, after } = options;
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
    const own = node.config.full_refresh;
    const full = (typeof own === "boolean" ? own : options.fullRefresh) || existing !== "table";
    await (full ? create("table") : stepwise(incrementalBuild(node, relation, body, connection)));
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

async function renderHooks(node: Node, key: "pre-hook" | "post-hook", compiler: Compiler, connection: DuckDBConnection): Promise<string[]> {
  const rendered: string[] = [];
  for (const text of hooks(node.config[key])) {
    const sql = trimSemicolon(await compiler.renderText(text, node, connection)).trim();
    if (sql !== "") rendered.push(sql);
  }
  return rendered;
}
