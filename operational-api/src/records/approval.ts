import type { Principal } from "../auth/index.ts";
import { grantFor } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { Problem } from "../problem.ts";
import { plural, singular } from "../store/row-scope.ts";
import type { Row } from "../validation/record-schema.ts";

/** The statuses that only who may approve gives or takes away, by entity. */
const approvedStatuses: Readonly<Record<string, readonly string[]>> = { order: ["approved"] };

export const isApproved = (entity: Entity, row: Row): boolean => approvedStatuses[entity.name]?.includes(String(row["status"])) ?? false;

/**
 * Throws Problem 403 unless the caller may approve this record: a right of its own, and for another's record, not one's own.
 * Only who may approve every row may approve own ones: somebody has to.
 */
export const refuseApproval = (principal: Principal, entity: Entity, row: Row, index?: number): void => {
  const grant = grantFor(principal.scope, "approve", entity.name);
  if (grant.rows === "all") return;
  const owner = String(row["owner_id"] ?? "");
  const reason =
    grant.rows === "none"
      ? `the right "approve" on ${plural(entity)} is missing (your roles: ${principal.roles.join(", ") || "none"})`
      : owner === principal.employeeId
        ? `this ${singular(entity)} is credited to you; somebody else approves it`
        : grant.employees.includes(owner)
          ? null
          : `this ${singular(entity)} is outside the rows that your right "approve" covers`;
  if (reason !== null) throw new Problem(403, reason, { errors: [{ ...(index !== undefined && { index }), field: "status", reason }] });
};
