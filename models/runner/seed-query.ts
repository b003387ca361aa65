import { join } from "node:path";
import type { Node } from "./resources.ts";
import { literal } from "./statements.ts";
import { isSettings } from "./yaml.ts";

/** The rows of a seed's CSV: types guessed from the whole file, `column_types` said by the project. */
export function seedQuery(node: Node, projectDirectory: string): string {
  const path = join(projectDirectory, node.file);
  const types = isSettings(node.config.column_types) ? Object.entries(node.config.column_types) : [];
  // As dbt reads seeds: a comma unless the project says otherwise (nothing is guessed), `null` and nothing are null, short rows are padded.
  const delimiter = typeof node.config.delimiter === "string" ? node.config.delimiter : ",";
  const options = [
    "header = true",
    "sample_size = -1",
    `delim = ${literal(delimiter)}`,
    "quote = '\"'",
    "escape = '\"'",
    "null_padding = true",
    "strict_mode = false",
  ];
  options.push("nullstr = ['', 'null', 'NULL', 'Null']");
  if (types.length > 0)
    options.push(`types = {${types.map(([column, type]) => `${literal(column)}: ${literal(String(type))}`).join(", ")}}`);
  return `select * from read_csv(${literal(path)}, ${options.join(", ")})`;
}
