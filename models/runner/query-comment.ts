import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compiler } from "./compiler.ts";
import { describeNode } from "./describe-node.ts";
import { ProjectError } from "./errors.ts";
import { fromJs, type Value } from "./jinja/index.ts";
import type { Node } from "./resources.ts";
import { commentOnStatements } from "./statements.ts";

/** The connection itself, or one that sets the project's query-comment, rendered for this node, on every statement. */
export async function withQueryComment(node: Node, compiler: Compiler, connection: DuckDBConnection): Promise<DuckDBConnection> {
  const { queryComment } = compiler.project.settings;
  if (!queryComment) return connection;
  const overrides = new Map<string, Value>([
    ["node", fromJs(describeNode(node))],
    ["connection_name", node.uniqueId],
  ]);
  const comment = (await compiler.renderText(queryComment.text, node, undefined, overrides)).trim();
  if (comment === "") return connection;
  if (comment.includes("*/"))
    throw new ProjectError(`dbt_project.yml: query-comment: the comment must not contain "*/", found ${JSON.stringify(comment)}`);
  const { append } = queryComment;
  return commentOnStatements(connection, (sql) => (append ? `${sql}\n/* ${comment} */` : `/* ${comment} */\n${sql}`));
}
