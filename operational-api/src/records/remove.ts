import type { Entity } from "../entities/definition.ts";
import { rulesOf } from "../rules/index.ts";
import { conflictOf, isUniqueViolation } from "../store/conflict.ts";
import type { Locked } from "../store/find.ts";
import { restore, softDelete } from "../store/remove.ts";
import type { Write } from "../store/write.ts";
import type { Row } from "../validation/record-schema.ts";

/** Marks a locked record deleted, if its rules let it go and nothing refers to it. Throws Problem 409. */
export const deleteRecord = async (write: Write, entity: Entity, { row, grant }: Locked): Promise<void> => {
  for (const rule of rulesOf(entity)) await rule.remove?.(write, row);
  await softDelete(write, entity, row, grant);
};

/** Brings a locked deleted record back. Throws Problem 409 when its keys were taken meanwhile, what it refers to is deleted, or a rule forbids it. */
export const restoreRecord = async (write: Write, entity: Entity, { row, grant }: Locked): Promise<Row> => {
  for (const rule of rulesOf(entity)) await rule.restore?.(write, row);
  return restore(write, entity, row, grant).catch((error: unknown) => {
    throw isUniqueViolation(error) ? conflictOf(entity, error) : error;
  });
};
