import type { Principal } from "../auth/index.ts";
import { type Action, grantFor, type RowGrant } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { Problem } from "../problem.ts";

export { withinGrant } from "./row-terms.ts";

export const plural = (entity: Entity): string => entity.table.replaceAll("_", " ");
export const singular = (entity: Entity): string => entity.name.replaceAll("_", " ");

export const refusedAction = (principal: Principal, action: Action, entity: Entity): Problem => {
  const roles = principal.roles.length > 0 ? principal.roles.join(", ") : "none";
  return new Problem(403, `the right "${action}" on ${plural(entity)} is missing (your roles: ${roles})`);
};

/** The grant for an action; 403 when the caller has it for no row at all. */
export const requireGrant = (principal: Principal, action: Action, entity: Entity): RowGrant => {
  const grant = grantFor(principal.scope, action, entity.name);
  if (grant.rows === "none") throw refusedAction(principal, action, entity);
  return grant;
};
