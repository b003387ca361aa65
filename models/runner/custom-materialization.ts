import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compiler } from "./compiler.ts";
import { iterate, toText, type Callable, type Value } from "./jinja/index.ts";
import type { Macro, Node, Project } from "./resources.ts";

/** The project's or a package's `{% materialization name %}` block: DuckDB's own before the default, the project's before a package's. */
export function customMaterialization(project: Project, kind: string): Macro | undefined {
  const macros = [...project.macros.values()];
  const own = (macro: Macro): number => (macro.packageName === project.settings.name ? 0 : 1);
  return ["duckdb", "default"]
    .flatMap((adapter) => macros.filter(({ name }) => name === `materialization_${kind}_${adapter}`).sort((a, b) => own(a) - own(b)))
    .at(0);
}

/** Runs the block with what dbt gives it: `sql`, the hooks and `run_hooks`. Its statements go to the database as it makes them. */
export async function runCustomMaterialization(options: {
  macro: Macro;
  node: Node;
  sql: string;
  before: readonly string[];
  after: readonly string[];
  compiler: Compiler;
  connection: DuckDBConnection;
}): Promise<void> {
  const { macro, node, sql, compiler, connection } = options;
  const runHooks: Callable = async (args) => {
    for (const hook of iterate(args[0] ?? [])) await connection.run(toText(hook));
    return "";
  };
  const overrides = new Map<string, Value>([
    ["sql", sql],
    ["compiled_code", sql],
    ["pre_hooks", [...options.before]],
    ["post_hooks", [...options.after]],
    ["run_hooks", runHooks],
  ]);
  const block: Node = { ...node, uniqueId: `inline.${node.uniqueId}`, rawCode: `{{ ${macro.packageName}.${macro.name}() }}` };
  await compiler.compile(block, connection, { relations: new Map(), overrides, vars: {} });
}
