import type { Principal } from "../auth/index.ts";
import { grantFor } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { Problem } from "../problem.ts";
import { plural } from "../store/row-scope.ts";
import { columnsOf } from "../validation/fields.ts";
import type { Given } from "../validation/record-schema.ts";

export const refuseBackdating = (principal: Principal, entity: Entity, fields: readonly string[]): void => {
  if (fields.length === 0 || grantFor(principal.scope, "backdate", entity.name).rows !== "none") return;
  const reason = `is a business time: giving it needs the right "backdate" on ${plural(entity)}; leave it out and the server's clock is used`;
  throw new Problem(403, `${fields.join(", ")} ${reason}`, { errors: fields.map((field) => ({ field, reason })) });
};

/** The business times that a writer gave, for which a right of its own is needed. */
export const backdatedFields = (entity: Entity, given: readonly Given[]): string[] => {
  const times = Object.entries(columnsOf(entity)).flatMap(([name, column]) => (column.backdate ? [name] : []));
  const used = times.filter((name) => given.some(({ values }) => values[name] !== undefined));
  return given.some(({ history }) => history) ? [...used, "stage_history"] : used;
};
