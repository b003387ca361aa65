import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compiler, Substitution } from "../compiler.ts";
import { Relation, quoteIdentifier } from "../relation.ts";
import type { Node, Project } from "../resources.ts";
import { runStatements } from "../statements.ts";
import type { ChangedRows } from "./changed-rows.ts";
import { inputRelation } from "./input-relation.ts";
import { keyedRuleOf } from "./keyed-rule.ts";
import { madeInputs } from "./made-rows.ts";
import { isNewColumn, keyColumn, keysReached, makeTable, narrowedInputs } from "./keyed-sql.ts";

export interface NarrowOptions {
  project: Project;
  changes: ChangedRows;
  area: string;
  /** Tests that found nothing in the last finished build: only what changed since can make them fail. */
  passed: ReadonlySet<string>;
}

/** It passed on the rows as they were, and all that changed since is known. */
export const onlyChangesCanFail = (node: Node, { changes, passed }: Pick<NarrowOptions, "changes" | "passed">): boolean =>
  passed.has(node.name) &&
  !changes.overdue.has(node.uniqueId) &&
  node.dependsOn.every((id) => !changes.hasChanged(id) || changes.rowsOf(id) !== null);

/**
 * What a test may read in the place of its relations, and still find a failure exactly when there is one: since it passed on the rows as they were, only
 * changed rows can fail it. Undefined when all rows are to be read.
 */
export async function narrowTest(
  node: Node,
  compiler: Compiler,
  connection: DuckDBConnection,
  options: NarrowOptions,
): Promise<Substitution | undefined> {
  const { changes, project } = options;
  if (!onlyChangesCanFail(node, options)) return undefined;
  const relations = node.test?.metadata
    ? await ofGenericTest(node, compiler, connection, changes)
    : await ofKeys(node, project, compiler, connection, options);
  return relations && { relations, overrides: new Map(), vars: {} };
}

const reads = (input: Relation, text: string): Relation =>
  new Relation({ database: input.database, schema: input.schema, identifier: input.identifier, type: "table", text });

async function ofGenericTest(
  { test, dependsOn }: Node,
  compiler: Compiler,
  connection: DuckDBConnection,
  changes: ChangedRows,
): Promise<Map<string, Relation> | undefined> {
  const id = test?.attachedNode;
  const metadata = test?.metadata;
  if (!id || !metadata || metadata.namespace !== null) return undefined;
  const relation = inputRelation(compiler, id);
  const changed = changes.hasChanged(id) ? changes.rowsOf(id) : undefined;
  // A parent alone has changed: none of this relation's rows has.
  const now = changed
    ? `(select * exclude (${isNewColumn}) from ${changed} where ${isNewColumn})`
    : `(select * from ${relation.toText()} where false)`;
  const column = test.columnName === null ? null : quoteIdentifier(test.columnName);
  switch (metadata.name) {
    case "not_null":
    case "accepted_values":
      return new Map([[id, reads(relation, now)]]);
    case "unique":
      // It may be an expression.
      if (column === null || !/^\w+$/.test(test.columnName ?? "")) return undefined;
      return new Map([[id, reads(relation, `(select * from ${relation.toText()} where ${column} in (select ${column} from ${now}))`)]]);
    case "relationships": {
      const parents = dependsOn.filter((other) => other !== id);
      const field = metadata.kwargs.field;
      const [parent] = parents;
      if (parents.length !== 1 || parent === undefined || typeof field !== "string") return undefined;
      if (await hasLost(parent, field, compiler, connection, changes)) return undefined;
      return new Map([[id, reads(relation, now)]]);
    }
    default:
      return undefined;
  }
}

/** Whether a value of the column was there and is no more. */
async function hasLost(
  id: string,
  column: string,
  compiler: Compiler,
  connection: DuckDBConnection,
  changes: ChangedRows,
): Promise<boolean> {
  if (!changes.hasChanged(id)) return false;
  const name = quoteIdentifier(column);
  const result = await connection.run(
    `select exists (from ${changes.rowsOf(id)} as kehu_was anti join ${inputRelation(compiler, id).toText()} as kehu_is on kehu_was.${name} = kehu_is.${name} where not kehu_was.${isNewColumn} and kehu_was.${name} is not null)`,
  );
  return (await result.getRowsJS())[0]?.[0] === true;
}

/** A singular test that says by `meta.live` which rows belong together reads those of the changed keys. */
async function ofKeys(
  node: Node,
  project: Project,
  compiler: Compiler,
  connection: DuckDBConnection,
  { changes, area }: NarrowOptions,
): Promise<Map<string, Relation> | undefined> {
  const rule = keyedRuleOf(node, project);
  if (!rule) return undefined;
  const relationOf = (id: string): string => inputRelation(compiler, id).toText();
  const selects: string[] = [];
  for (const id of node.dependsOn) {
    const rows = changes.hasChanged(id) ? changes.rowsOf(id) : null;
    if (rows === null) continue;
    if (!rule.inputs.has(id)) return undefined;
    selects.push(...keysReached(rule, id, rows, relationOf));
  }
  if (selects.length === 0) return undefined;
  const keys = `${area}.${quoteIdentifier(`keys of ${node.uniqueId}`)}`;
  await runStatements(connection, [
    `${makeTable(keys)} as select distinct ${keyColumn} from (${selects.join(" union all ")}) as kehu_reached`,
  ]);
  const made = await madeInputs(rule, keys, changes, connection);
  // Written where the test names the input: so what it does not ask of it is not read.
  return new Map(
    [...narrowedInputs(rule, keys, (id) => made.get(id) ?? relationOf(id))].map(([id, select]) => [
      id,
      reads(inputRelation(compiler, id), `(${select})`),
    ]),
  );
}
