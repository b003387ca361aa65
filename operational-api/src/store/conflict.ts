import { DatabaseError } from "pg";
import type { Entity } from "../entities/definition.ts";
import { type Fault, Problem } from "../problem.ts";
import type { Row } from "../validation/record-schema.ts";
import { singular } from "./row-scope.ts";
import { createParams, query, quoted, tableOf } from "./sql.ts";
import type { Write } from "./write.ts";

const uniqueViolation = "23505";

/** The column groups that are unique among an entity's rows that are not deleted. */
const uniqueGroups = (entity: Entity): (readonly string[])[] => [["external_id"], ...(entity.unique ?? [])];

const indexName = (entity: Entity, group: readonly string[]): string => `${entity.table}_${group.join("_")}_key`;

const reasonOf = (entity: Entity, group: readonly string[]): string =>
  group.length === 1
    ? `another ${singular(entity)} already has this value`
    : `another ${singular(entity)} already has this combination of ${group.join(", ")}`;

export const isUniqueViolation = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && error.code === uniqueViolation;

/** The 409 for a key that is taken; `prefix` stands in front of the fields (`lines.`). Postgres's own detail would quote values of a row the writer may not see. */
export const conflictOf = (entity: Entity, error: DatabaseError, prefix = ""): Problem => {
  // Postgres cuts index names after 63 bytes.
  const group = uniqueGroups(entity).find((columns) => indexName(entity, columns).slice(0, 63) === error.constraint);
  if (!group) throw error;
  const errors = group.map((field) => ({ field: prefix + field, reason: reasonOf(entity, group) }));
  return new Problem(409, `${prefix}${group.join(", ")}: ${reasonOf(entity, group)}`, { errors, cause: error });
};

/**
 * The records of a batch whose unique keys are taken, in the database or earlier in the batch. `rows` may be incomplete: a group with a missing value is not looked at.
 */
export const findConflicts = async (write: Write, entity: Entity, rows: readonly { index: number; values: Row }[]): Promise<Fault[]> => {
  const faults: Fault[] = [];
  for (const group of uniqueGroups(entity)) {
    const optional = group.filter((column) => !entity.columns[column]?.required && entity.columns[column]?.default === undefined);
    // Null is a value of an entity's own keys (a target of the department as a whole), but none of an external id.
    const nullable = entity.unique?.includes(group) ? optional : [];
    const keyed = rows.filter(({ values }) =>
      group.every((column) => values[column] !== undefined && (values[column] !== null || nullable.includes(column))),
    );
    if (keyed.length === 0) continue;
    const keyOf = (values: Row): string => JSON.stringify(group.map((column) => values[column] ?? null));
    const params = createParams();
    const given = params.add(
      JSON.stringify(keyed.map(({ values }) => Object.fromEntries(group.map((column) => [column, values[column] ?? null])))),
    );
    const same = group.map(
      (column) => `taken.${quoted(column)} ${nullable.includes(column) ? "is not distinct from" : "="} given.${quoted(column)}`,
    );
    const taken = await query<Row>(
      write.client,
      `select ${group.map((column) => `taken.${quoted(column)}`).join(", ")} from ${tableOf(entity)} as taken
       join json_populate_recordset(null::${tableOf(entity)}, ${given}::json) as given on ${same.join(" and ")}
       where taken.deleted_at is null`,
      params.values,
    );
    const takenKeys = new Set(taken.map(keyOf));
    const first = new Map<string, number>();
    for (const { index, values } of keyed) {
      const key = keyOf(values);
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, index);
      const reason = takenKeys.has(key)
        ? reasonOf(entity, group)
        : earlier === undefined
          ? null
          : `record ${earlier} of this batch has the same`;
      if (reason) faults.push({ index, field: group.join(", "), reason });
    }
  }
  return faults;
};
