import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compiler } from "./compiler.ts";
import { NodeError, ProjectError } from "./errors.ts";
import { textList } from "./incremental.ts";
import { quoteIdentifier } from "./relation.ts";
import type { Node, Settings } from "./resources.ts";
import { columnsOfQuery } from "./statements.ts";
import { isSettings } from "./yaml.ts";

/** True for `contract: {enforced: true}`. */
export const hasContract = (node: Node): boolean => isSettings(node.config.contract) && node.config.contract.enforced === true;

/** Raises when the query's columns are not those, by name and type, that the model's YAML promises. */
export async function checkContract(node: Node, body: string, connection: DuckDBConnection): Promise<void> {
  const untyped = node.columns.filter((column) => column.data_type === null).map(({ name }) => name);
  if (node.columns.length === 0 || untyped.length > 0)
    throw new ProjectError(
      `${node.patchFile ?? node.file}: ${node.name} has an enforced contract, so every column needs a data_type${untyped.length > 0 ? `: ${untyped.join(", ")}` : ""}`,
    );
  // The database says what a type is called: `int` is INTEGER, `numeric(18, 2)` DECIMAL(18,2).
  const casts = node.columns.map(({ name, data_type: type }) => `cast(null as ${type}) as ${quoteIdentifier(name)}`);
  const promised = await columnsOfQuery(connection, `select ${casts.join(", ")}`);
  const given = await columnsOfQuery(connection, `select * from (\n${body}\n)`);
  const typeIn = (columns: typeof given, name: string): string =>
    columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.type ?? "(absent)";
  const names = new Set([...promised, ...given].map(({ name }) => name.toLowerCase()));
  const differences = [...names]
    .filter((name) => typeIn(promised, name) !== typeIn(given, name))
    .map((name) => `  ${name}: the contract says ${typeIn(promised, name)}, the query gives ${typeIn(given, name)}`);
  if (differences.length > 0)
    throw new NodeError(`${node.name} does not keep its contract (${node.patchFile ?? node.file}):\n${differences.join("\n")}`, body);
}

/** Statements that make a table with the contract's types and constraints, and fill it. */
export async function contractTable(
  node: Node,
  name: string,
  body: string,
  compiler: Compiler,
  connection: DuckDBConnection,
): Promise<string[]> {
  const clause = (constraint: Settings, columns: readonly string[] | null): Promise<string> =>
    constraintClause(node, constraint, columns, compiler, connection);
  const lines: string[] = [];
  for (const column of node.columns) {
    const constraints: string[] = [];
    for (const constraint of column.constraints) constraints.push(await clause(constraint, null));
    lines.push([quoteIdentifier(column.name), column.data_type, ...constraints].join(" "));
  }
  for (const constraint of node.constraints) lines.push(await clause(constraint, textList(constraint.columns)));
  const columns = node.columns.map((column) => quoteIdentifier(column.name)).join(", ");
  return [
    `create or replace table ${name} (\n  ${lines.join(",\n  ")}\n)`,
    `insert into ${name} (${columns}) select ${columns} from (\n${body}\n) as kehu_query`,
  ];
}

/** `columns` of a constraint on the whole table; null on a column. */
async function constraintClause(
  node: Node,
  constraint: Settings,
  columns: readonly string[] | null,
  compiler: Compiler,
  connection: DuckDBConnection,
): Promise<string> {
  const expression = typeof constraint.expression === "string" ? constraint.expression : "";
  const list = columns === null ? "" : ` (${columns.map(quoteIdentifier).join(", ")})`;
  switch (constraint.type) {
    case "not_null":
      return "not null";
    case "unique":
      return `unique${list}`;
    case "primary_key":
      return `primary key${list}`;
    case "check":
      return `check (${expression})`;
    case "foreign_key": {
      const lead = columns === null ? "references" : `foreign key${list} references`;
      if (typeof constraint.to !== "string") return `${lead} ${expression}`;
      const to = await compiler.renderText(`{{ ${constraint.to} }}`, node, connection);
      return `${lead} ${to} (${textList(constraint.to_columns).map(quoteIdentifier).join(", ")})`;
    }
    case "custom":
      return expression;
    default:
      throw new ProjectError(
        `${node.patchFile ?? node.file}: ${node.name}: there is no constraint "${String(constraint.type)}"; known are not_null, unique, primary_key, foreign_key, check, custom`,
      );
  }
}
