import type { Macro } from "./resources.ts";

/** A macro's own text out of its file: from the line where it begins to its end tag. */
export function macroText(macro: Macro): string {
  const rest = macro.template.source
    .split("\n")
    .slice(macro.statement.line - 1)
    .join("\n");
  return /^[\s\S]*?\{%-?\s*end(?:macro|test|materialization)\s*-?%\}/.exec(rest)?.[0].trim() ?? rest;
}
