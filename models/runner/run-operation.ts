import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compiler } from "./compiler.ts";
import { UsageError, didYouMean } from "./errors.ts";
import type { Settings } from "./resources.ts";

/** `run-operation NAME --args YAML`: calls one macro, `name` or `package.name`, with arguments by name. Raises UsageError when there is none of that name. */
export async function runOperation(
  { macro, macroArguments = {} }: { macro?: string; macroArguments?: Settings },
  compiler: Compiler,
  connection: DuckDBConnection,
): Promise<void> {
  if (macro === undefined) throw new UsageError("run-operation needs the name of a macro");
  const { macros, settings } = compiler.project;
  const known = [...macros.values()].map(({ packageName, name }) => (packageName === settings.name ? name : `${packageName}.${name}`));
  if (!known.includes(macro) && !macros.has(`macro.${settings.name}.${macro.split(".").at(-1)}`) && !known.includes(`dbt.${macro}`))
    throw new UsageError(`there is no macro "${macro}".${didYouMean(macro, known)}`);
  const given = Object.entries(macroArguments).map(([name, value]) => `${name}=fromjson(${JSON.stringify(JSON.stringify(value))})`);
  // `do` drops what the macro returns: an operation is run for what it does.
  await compiler.renderText(`{% do ${macro}(${given.join(", ")}) %}`, null, connection);
}
