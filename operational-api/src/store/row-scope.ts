import type { Principal } from "../auth/index.ts";
import { type Action, grantFor, type RowGrant } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { entityNamed } from "../entities/index.ts";
import { Problem } from "../problem.ts";
import { type Params, quoted } from "./sql.ts";

/**
 * The predicate that is true for the rows of `entity` (as `alias`) within a grant. Closed by default: no grant, no rows.
 * A row is within when one of its employee columns, or its customer's current owner, is among the grant's employees,
 * or when it names no employee and its department is among the grant's departments.
 */
export const withinGrant = (entity: Entity, grant: RowGrant, alias: string, params: Params): string => {
  if (grant.rows === "none") return "false";
  if (grant.rows === "all" || entity.scope === "reference") return "true";
  const { parent, employee = [], department, customer } = entity.scope;
  if (parent) {
    const above = entityNamed(parent.entity);
    const inner = withinGrant(above, grant, "parent", params);
    return `exists (select from crm.${quoted(above.table)} as parent where parent.id = ${alias}.${quoted(parent.column)} and ${inner})`;
  }
  const employees = params.add(grant.employees);
  const ways = employee.map((column) => `${alias}.${quoted(column)} = any(${employees}::uuid[])`);
  if (customer) {
    ways.push(
      `exists (select from crm.customers as whose where whose.id = ${alias}.${quoted(customer)} and whose.owner_id = any(${employees}::uuid[]))`,
    );
  }
  if (department) {
    const nobody = employee.map((column) => `${alias}.${quoted(column)} is null`);
    ways.push([...nobody, `${alias}.${quoted(department)} = any(${params.add(grant.departments)}::uuid[])`].join(" and "));
  }
  return ways.length > 0 ? `(${ways.join(" or ")})` : "false";
};

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
