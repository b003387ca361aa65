import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compiler } from "./compiler.ts";
import { runDataTests, messageOf, type TestOutcome } from "./data-tests.ts";
import { Relation, quoteIdentifier } from "./relation.ts";
import type { Node } from "./resources.ts";
import { literal, runStatements, trimSemicolon } from "./statements.ts";

export interface StoredOutcome extends TestOutcome {
  /** Where the failing rows are. */
  relationName: string | null;
}

/** True when the failing rows of this test are to be kept; `all` is `--store-failures`, which a test's own setting overrules. */
export function storesFailures(node: Node, all: boolean): boolean {
  const { store_failures: own, store_failures_as: as } = node.config;
  if (typeof as === "string") return as !== "ephemeral";
  return typeof own === "boolean" ? own : all;
}

/** Runs one test on a table (or view) that it leaves behind: its failing rows, in the audit schema. */
export async function runStoredTest(node: Node, compiler: Compiler, connection: DuckDBConnection): Promise<StoredOutcome> {
  let compiledCode: string | null = null;
  try {
    const sql = await compiler.compile(node, connection);
    compiledCode = sql;
    const relation = await auditRelation(node, compiler, connection);
    const name = relation.toText();
    const kind = node.config.store_failures_as === "view" ? "view" : "table";
    const limit = node.config.limit === undefined || node.config.limit === null ? "" : ` limit ${Number(node.config.limit)}`;
    const schema = [relation.database, relation.schema].filter((part) => part !== null).map(quoteIdentifier);
    await runStatements(connection, [
      `create schema if not exists ${schema.join(".")}`,
      ...(await dropOtherKind(relation, kind, connection)),
      `create or replace ${kind} ${name} as select * from (\n${trimSemicolon(sql)}\n) as dbt_internal_rows${limit}`,
    ]);
    const outcomes = await runDataTests([node], { compile: async () => `select * from ${name}` }, connection);
    const outcome = outcomes.get(node.uniqueId);
    if (!outcome) throw new Error(`test ${node.uniqueId} gave no outcome`);
    const seeIn = outcome.status === "pass" ? outcome.message : `${outcome.message ?? ""}\n  see the rows: select * from ${name}`;
    return { ...outcome, message: seeIn, compiledCode: sql, relationName: name };
  } catch (error) {
    return { status: "error", failures: null, message: messageOf(error), compiledCode, relationName: null };
  }
}

async function auditRelation(node: Node, compiler: Compiler, connection: DuckDBConnection): Promise<Relation> {
  const schema = await compiler.renderText(
    `{{ generate_schema_name(config.get("schema") or "dbt_test__audit", model) }}`,
    node,
    connection,
  );
  return new Relation({ database: node.database, schema: schema.trim(), identifier: node.alias });
}

async function dropOtherKind(relation: Relation, kind: "table" | "view", connection: DuckDBConnection): Promise<string[]> {
  const other = kind === "table" ? "view" : "table";
  const result = await connection.run(
    `select 1 from duckdb_${other}s() where database_name = ${literal(relation.database ?? "")} and schema_name = ${literal(relation.schema ?? "")} and ${other}_name = ${literal(relation.identifier)}`,
  );
  return (await result.getRowsJS()).length > 0 ? [`drop ${other} ${relation.toText()}`] : [];
}
