import type { DuckDBConnection } from "@duckdb/node-api";
import type { BuildTools } from "../execute.ts";
import { Relation, quoteIdentifier } from "../relation.ts";
import type { Node } from "../resources.ts";
import { columnsOfQuery, literal, runAtomically, runStatements, trimSemicolon } from "../statements.ts";
import { isPlainTable } from "./differential-build.ts";
import { differingRows, isNewColumn, makeTable } from "./keyed-sql.ts";

/** A relation that builds by parts had brought to other rows than a whole build. */
export interface Drift {
  schema: string;
  model: string;
  /** Rows that were there and should not have been. */
  unexpected: number;
  /** Rows that should have been there. */
  missing: number;
}

/**
 * Builds a table whole beside the one that is there, compares them row for row, and puts the whole one in its place: that heals a difference, and leaves
 * no holes where rows were replaced. Null when they are equal, or when the node is not a table of one query.
 */
export async function checkAgainstWhole(
  node: Node,
  tools: BuildTools,
  options: { area: string; inTransaction: boolean },
): Promise<Drift | null> {
  const { connection } = tools;
  const relation = new Relation({ database: node.database, schema: node.schema, identifier: node.alias });
  if (tools.catalog.typeOf(relation) !== "table" || !isPlainTable(node, tools)) return null;
  const name = relation.toText();
  const [after, rows] = ["whole", "drift"].map((what) => `${options.area}.${quoteIdentifier(`${what} ${node.uniqueId}`)}`) as [
    string,
    string,
  ];
  const sql = trimSemicolon(await tools.compiler.compile(node, connection));
  await runStatements(connection, [`${makeTable(after)} as (\n${sql}\n)`]);
  const drift =
    (await digest(connection, name)) === (await digest(connection, after)) ? null : await compare(node, connection, name, after, rows);
  const replace = [`create or replace table ${name} as select * from ${after}`];
  await (options.inTransaction ? runStatements(connection, replace) : runAtomically(connection, replace));
  await runStatements(connection, [`drop table ${after}`]);
  return drift;
}

/** Says the same of the same rows in any order, and of the same columns; takes no memory, however large the table is. */
async function digest(connection: DuckDBConnection, relation: string): Promise<string> {
  const columns = await columnsOfQuery(connection, `select * from ${relation}`);
  const result = await connection.run(`select count(*), sum(cast(hash(kehu_row) as hugeint)) from ${relation} as kehu_row`);
  return JSON.stringify([columns, (await result.getRowsJS())[0]?.map(String)]);
}

async function compare(node: Node, connection: DuckDBConnection, before: string, after: string, rows: string): Promise<Drift> {
  await runStatements(connection, [`${makeTable(rows)} as ${differingRows(before, after)}`]);
  const counted = await connection.run(`select count(*) filter (not ${isNewColumn}), count(*) filter (${isNewColumn}) from ${rows}`);
  const [unexpected = 0, missing = 0] = (await counted.getRowsJS())[0]?.map(Number) ?? [];
  await runStatements(connection, [`drop table ${rows}`]);
  return { schema: node.schema, model: node.name, unexpected, missing };
}

/** The snapshot says when its tables were last compared with a whole build, and what differed. */
export async function writeSelfCheck(
  connection: DuckDBConnection,
  build: string,
  checkedAt: Date,
  tables: number,
  drifts: readonly Drift[],
): Promise<void> {
  const at = `cast(${literal(checkedAt.toISOString())} as timestamptz)`;
  await runAtomically(connection, [
    "delete from warehouse.meta.self_checks",
    `insert into warehouse.meta.self_checks values (${literal(build)}, ${at}, ${tables}, ${drifts.length})`,
    "delete from warehouse.meta.drifts",
    ...drifts.map(
      (drift) =>
        `insert into warehouse.meta.drifts values (${literal(build)}, ${literal(drift.schema)}, ${literal(drift.model)}, ${drift.unexpected}, ${drift.missing})`,
    ),
  ]);
}
