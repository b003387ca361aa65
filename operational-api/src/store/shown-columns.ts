import type { Principal } from "../auth/index.ts";
import { maskedSql, maskOf } from "../auth/mask.ts";
import { accessTo, ownRows, type Visibility } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { type Fault, Problem } from "../problem.ts";
import { columnNamed, columnsOf, externalNameOf } from "../validation/fields.ts";
import { plural, withinGrant } from "./row-scope.ts";
import { type Params, quoted } from "./sql.ts";

/** The predicate that is true for the caller's own rows. An employee's own record is the own one. */
export const ownPredicate = (principal: Principal, entity: Entity, alias: string, params: Params): string => {
  const { employeeId } = principal.scope;
  if (entity.name === "employee" && employeeId !== null) return `${alias}.id = ${params.add(employeeId)}::uuid`;
  return withinGrant(entity, ownRows(principal.scope), alias, params);
};

/** Whether some columns of the entity are not shown to the caller in every row. */
export const hasColumnRules = (principal: Principal, entity: Entity): boolean => principal.scope.columns[entity.name] !== undefined;

/** Whether the caller sees nothing of the column in any row. */
export const isHidden = (principal: Principal, entity: Entity, column: string): boolean => {
  const access = accessTo(principal.scope, entity.name, column);
  return access.own === "hide" && access.others === "hide";
};

/**
 * Gives each column of `entity` (as `alias`) as SQL of what the caller sees of it: itself, its masked text, or null in rows where it is hidden;
 * undefined when it is hidden in every row. Selecting, filtering, sorting and searching all go by this.
 */
export const shownColumns = (
  principal: Principal,
  entity: Entity,
  alias: string,
  params: Params,
): ((name: string) => string | undefined) => {
  let own: string | undefined;
  return (name) => {
    const column = `${alias}.${quoted(name)}`;
    const access = accessTo(principal.scope, entity.name, name);
    if (isHidden(principal, entity, name)) return undefined;
    const as = (visibility: Visibility): string => {
      if (visibility === "show") return column;
      const kind = maskOf(name, columnNamed(entity, name));
      return visibility === "mask" && kind ? maskedSql(kind, column) : "null";
    };
    if (access.own === access.others) return access.own === "show" ? column : `(${as(access.own)})`;
    own ??= ownPredicate(principal, entity, alias, params);
    return `(case when ${own} then ${as(access.own)} else ${as(access.others)} end)`;
  };
};

/** A use of a column, and the parameter or field by which it was asked for. */
export interface ColumnUse {
  field: string;
  column: string;
}

/** Throws Problem 403 that names every column used that the caller may not read in any row. */
export const refuseHidden = (principal: Principal, entity: Entity, uses: readonly ColumnUse[]): void => {
  const errors: Fault[] = uses
    .filter(({ column }) => isHidden(principal, entity, column))
    .map(({ field, column }) => ({ field, reason: `you may not read the column ${column} of ${plural(entity)}` }));
  if (errors.length > 0) throw new Problem(403, `${errors[0]?.field}: ${errors[0]?.reason}`, { errors });
};

/**
 * Throws Problem 403 when a writer gives a column that he does not see as it is: he would overwrite what he can't know.
 * `own`: whether the record is, or will be, the caller's own.
 */
export const refuseUnseen = (principal: Principal, entity: Entity, given: Iterable<string>, own: boolean, prefix = ""): void => {
  if (!hasColumnRules(principal, entity)) return;
  const names = new Set(given);
  const errors: Fault[] = Object.keys(columnsOf(entity)).flatMap((column): Fault[] => {
    const access = accessTo(principal.scope, entity.name, column)[own ? "own" : "others"];
    const field = [column, externalNameOf(column)].find((name) => names.has(name));
    if (access === "show" || field === undefined) return [];
    const state = access === "mask" ? "masked" : "hidden";
    return [
      {
        field: prefix + field,
        reason: `${column} of ${own ? "" : "others' "}${plural(entity)} is ${state} for you, so you can't write it`,
      },
    ];
  });
  if (errors.length > 0) throw new Problem(403, `${errors[0]?.field}: ${errors[0]?.reason}`, { errors });
};
