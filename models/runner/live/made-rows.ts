import type { DuckDBConnection } from "@duckdb/node-api";
import type { ChangedRows } from "./changed-rows.ts";
import type { KeyedRule } from "./keyed-rule.ts";
import { keyColumn } from "./keyed-sql.ts";

/** What a build by keys made of a relation: for some keys all of its rows, as they are now. */
export interface MadeRows {
  /** Column of the relation. */
  key: string;
  /** The table of the keys. */
  keys: string;
  /** The table of the rows. */
  rows: string;
}

/**
 * By unique id the inputs whose rows of all of `keys`, a table, were made in this build, and where they are: a few rows in the place of a search through
 * the whole relation.
 */
export async function madeInputs(
  rule: KeyedRule,
  keys: string,
  changes: ChangedRows,
  connection: DuckDBConnection,
): Promise<ReadonlyMap<string, string>> {
  const candidates = [...rule.inputs].flatMap(([id, input]) => {
    const made = changes.madeOf(id);
    return made && "column" in input && input.column === made.key ? [{ id, made }] : [];
  });
  if (candidates.length === 0) return new Map();
  const missing = candidates.map(
    ({ made }) => `(select count(*) from ${keys} where ${keyColumn} not in (select ${keyColumn} from ${made.keys}))`,
  );
  const [counts = []] = await (await connection.run(`select ${missing.join(", ")}`)).getRowsJS();
  return new Map(candidates.flatMap(({ id, made }, index) => (Number(counts[index]) === 0 ? [[id, made.rows] as const] : [])));
}
