import type { Entity } from "../entities/definition.ts";
import { Problem } from "../problem.ts";
import { singular } from "./row-scope.ts";
import { query, quoted, tableOf } from "./sql.ts";
import type { Write } from "./write.ts";

/** The columns by which an entity is a tree: a department's parent, an employee's manager. */
export const treeColumnsOf = (entity: Entity): string[] =>
  Object.entries(entity.columns).flatMap(([name, column]) => (column.references === entity.name ? [name] : []));

/** 422 when one of these rows, as now written, is above itself: scopes and figures walk these trees. */
export const refuseCycles = async (write: Write, entity: Entity, column: string, ids: readonly string[]): Promise<void> => {
  // Two changes that each hang a node below the other's would not see each other: one after the other, until the transaction ends.
  await query(write.client, "select pg_advisory_xact_lock(hashtextextended($1, 0))", [`kehu tree ${entity.table}.${column}`]);
  const [found] = await query<{ id: string }>(
    write.client,
    `with recursive above as (
       select id, ${quoted(column)} as next from ${tableOf(entity)} where id = any($1::uuid[])
       union all
       select upper.id, upper.${quoted(column)} from above join ${tableOf(entity)} as upper on upper.id = above.next
     ) cycle id set is_cycle using path
     select id from above where is_cycle limit 1`,
    [ids],
  );
  if (!found) return;
  const reason = `a ${singular(entity)} can't be above itself`;
  throw new Problem(422, `${column}: ${reason}`, { errors: [{ field: column, reason }] });
};
