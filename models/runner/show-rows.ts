import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compiler } from "./compiler.ts";
import { UsageError } from "./errors.ts";
import type { Node } from "./resources.ts";
import { trimSemicolon } from "./statements.ts";

/** The first rows of the one selected node, or of a query. */
export async function showRows(
  options: { inline?: string; limit?: number },
  compiler: Compiler,
  nodes: readonly Node[],
  connection: DuckDBConnection,
): Promise<Record<string, unknown>[]> {
  const [node] = nodes;
  if (options.inline === undefined && (nodes.length !== 1 || !node))
    throw new UsageError(`show needs one model: --select named ${nodes.length}`);
  const sql =
    options.inline === undefined && node
      ? node.resourceType === "seed"
        ? `select * from ${compiler.relationOf(node).toText()}`
        : await compiler.compile(node, connection)
      : await compiler.renderText(options.inline ?? "", null, connection);
  const limit = options.limit ?? 5;
  const result = await connection.run(`select * from (\n${trimSemicolon(sql)}\n)${limit < 0 ? "" : ` limit ${limit}`}`);
  return result.getRowObjectsJson();
}
