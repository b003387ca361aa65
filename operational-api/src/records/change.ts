import type { RowGrant } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { entityNamed } from "../entities/index.ts";
import { type Fault, invalid, Problem } from "../problem.ts";
import type { Amendment } from "../rules/draft.ts";
import { rulesOf } from "../rules/index.ts";
import { conflictOf, isUniqueViolation } from "../store/conflict.ts";
import { refuseCycles, treeColumnsOf } from "../store/cycle.ts";
import type { Locked } from "../store/find.ts";
import { type Place, resolveReferences } from "../store/references.ts";
import { singular } from "../store/row-scope.ts";
import { refuseUnseen } from "../store/shown-columns.ts";
import { type Change, differing, updateRow } from "../store/update.ts";
import type { Write } from "../store/write.ts";
import { parseRecord, type Row } from "../validation/record-schema.ts";
import { backdatedFields, refuseBackdating } from "./backdating.ts";
import { mergeChildren, readChildren, replaceChildren } from "./children.ts";

/** `updateRow` with its refusals: 409 for a taken key, 403 when the row would leave what the caller may change. */
export const updateWithin = async (write: Write, entity: Entity, before: Row, change: Change, grant: RowGrant): Promise<Row> => {
  const { row, allowed } = await updateRow(write, entity, before, change, grant).catch((error: unknown) => {
    throw isUniqueViolation(error) ? conflictOf(entity, error) : error;
  });
  if (allowed) return row;
  throw new Problem(403, `after this change the ${singular(entity)} would be outside the rows that your right "update" covers`);
};

export interface Asked {
  action: string;
  /** The body of a PATCH, or the fields of a verb. */
  body: unknown;
  /** A verb may give the business time; the caller's right to do so has been checked. */
  effectiveAt?: string;
}

/**
 * Changes a locked record as a PATCH or a verb asks, with its rules, children, events and audit entry. Gives the record as it is then;
 * the same version when nothing differs. Throws Problem 403, 409 or 422.
 */
export const changeRecord = async (write: Write, entity: Entity, { row: before, grant, own }: Locked, asked: Asked): Promise<Row> => {
  const parsed = parseRecord(entity, "patch", asked.body);
  if ("faults" in parsed) throw invalid(parsed.faults);
  const { given } = parsed;
  refuseBackdating(write.principal, entity, backdatedFields(entity, [given]));
  refuseUnseen(write.principal, entity, Object.keys(given.values), own);

  const faults: Fault[] = [];
  const { children } = entity;
  const id = String(before["id"]);
  if (children) {
    const child = entityNamed(children.entity);
    for (const [position, line] of (given.children ?? []).entries())
      refuseUnseen(write.principal, child, Object.keys(line), own, `${children.field}[${position}].`);
  }
  const currentChildren = children ? ((await readChildren(write.client, children, [id])).get(id) ?? []) : [];
  const nextChildren = children && given.children ? mergeChildren(write, children, currentChildren, given.children, faults) : undefined;

  const places: Place[] = [{ entity, values: given.values, prefix: "", index: undefined }];
  if (children && given.children) {
    const child = entityNamed(children.entity);
    // Only what the writer gave is looked up: a line may keep a product that was withdrawn since.
    given.children.forEach((values, position) =>
      places.push({ entity: child, values, prefix: `${children.field}[${position}].`, index: undefined }),
    );
  }
  const { faults: unresolved, referred } = await resolveReferences(write, places);
  faults.push(...unresolved);
  if (children && nextChildren && given.children) adoptReferences(children, given.children, nextChildren, faults);

  const amendment: Amendment = {
    write,
    entity,
    before,
    changes: differing(before, given.values),
    referred,
    faults,
    effectiveAt: asked.effectiveAt ?? write.now,
    children: nextChildren,
    currentChildren,
  };
  if (faults.length === 0) for (const rule of rulesOf(entity)) await rule.change?.(amendment);
  if (faults.length > 0) throw invalid(faults);

  const changes = differing(before, amendment.changes);
  if (Object.keys(changes).length === 0 && !nextChildren) return before;
  const row = await updateWithin(write, entity, before, { action: asked.action, changes, effectiveAt: amendment.effectiveAt }, grant);
  for (const column of treeColumnsOf(entity)) if (column in changes) await refuseCycles(write, entity, column, [id]);
  if (children && nextChildren) {
    await replaceChildren(write, children, row, currentChildren, nextChildren).catch((error: unknown) => {
      throw isUniqueViolation(error) ? conflictOf(entityNamed(children.entity), error, `${children.field}.`) : error;
    });
  }
  return row;
};

/** Copies the ids found for `<base>_external_id` into the merged children, and finds new ones without a required reference. */
const adoptReferences = (
  children: NonNullable<Entity["children"]>,
  given: readonly Row[],
  merged: readonly Row[],
  faults: Fault[],
): void => {
  const child = entityNamed(children.entity);
  for (const [position, row] of merged.entries()) {
    for (const [name, column] of Object.entries(child.columns)) {
      if (!column.references || name === children.parentColumn) continue;
      const found = given[position]?.[name];
      if (found !== undefined) row[name] = found;
      const missing = column.required && (row[name] ?? null) === null && faults.length === 0;
      if (missing) faults.push({ field: `${children.field}[${position}].${name}`, reason: "is required" });
    }
  }
};
