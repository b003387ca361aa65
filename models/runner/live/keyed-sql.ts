import { quoteIdentifier } from "../relation.ts";
import type { KeyedRule, Link } from "./keyed-rule.ts";

/** The column of the table of keys. */
export const keyColumn = "kehu_key";
/** In a table of changed rows: whether this is a row as it is now, or as it was. */
export const isNewColumn = "kehu_is_new";

/** The head of a statement that makes a table; DuckDB wants the word where the table is temporary. */
export const makeTable = (table: string): string => `create or replace ${table.startsWith("temp.") ? "temp " : ""}table ${table}`;

/** A column as SQL reads it; a rule may also write an expression over the input's columns. */
export const readColumn = (column: string): string => (/^\w+$/.test(column) ? quoteIdentifier(column) : `(${column})`);

/** How SQL names an input, by unique id. */
export type RelationText = (id: string) => string;

/**
 * Queries of the keys that changed rows of an input lead to. `rows` is a relation with the input's columns that holds the old and the new version of each.
 * An input on the way is read as it is now: where it has changed too, its own changed rows lead on by themselves.
 */
export function keysReached(rule: KeyedRule, id: string, rows: string, relation: RelationText): string[] {
  const input = rule.inputs.get(id);
  if (!input) throw new Error(`${id} has no rule`);
  if ("column" in input) return [`select ${readColumn(input.column)} as ${keyColumn} from ${rows}`];
  return input.links.flatMap(({ column, to, toColumn }) =>
    keysReached(
      rule,
      to,
      `(select * from ${relation(to)} where ${quoteIdentifier(toColumn)} in (select ${quoteIdentifier(column)} from ${rows}))`,
      relation,
    ),
  );
}

/**
 * By unique id, parents first: for each input of the rule a query of its rows that lead to one of `keys`. They are all that rows with these keys can depend
 * on: any other row's change would not have led to them. `narrowed` says how SQL names these rows of an input before; default the query itself.
 */
export function narrowedInputs(rule: KeyedRule, keys: string, relation: RelationText, narrowed?: RelationText): Map<string, string> {
  const selects = new Map<string, string>();
  const rowsOf = narrowed ?? ((id: string): string => `(${selects.get(id)})`);
  for (const [id, input] of rule.inputs) {
    const conditions =
      "column" in input
        ? [`${readColumn(input.column)} in (select ${keyColumn} from ${keys})`]
        : [...Map.groupBy(input.links, (link) => link.column)].map(([column, links]) => reaches(column, links, rowsOf));
    selects.set(id, `select * from ${relation(id)} where ${conditions.join(" or ")}`);
  }
  return selects;
}

const reaches = (column: string, links: readonly Link[], rowsOf: RelationText): string =>
  `${quoteIdentifier(column)} in (${links.map((link) => `select ${quoteIdentifier(link.toColumn)} from ${rowsOf(link.to)}`).join(" union all ")})`;

/** The rows in which `before` and `after` differ, each with whether it is there now. Both have the same columns, in any order. */
export const differingRows = (before: string, after: string): string =>
  `select * exclude (kehu_side), sum(kehu_side) > 0 as ${isNewColumn}
from (select *, -1 as kehu_side from ${before} union all by name select *, 1 as kehu_side from ${after}) as kehu_sides
group by all having sum(kehu_side) <> 0`;
