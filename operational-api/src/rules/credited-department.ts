import type { Entity } from "../entities/definition.ts";
import type { Referred } from "../store/references.ts";
import type { Value } from "../validation/record-schema.ts";
import type { Rule } from "./draft.ts";

const applies = (entity: Entity): boolean =>
  entity.columns["owner_id"]?.references === "employee" && entity.columns["department_id"]?.references === "department";

const departmentOf = (referred: Referred, employee: Value | undefined): Value =>
  referred.get("employee")?.get(String(employee))?.["department_id"] ?? null;

/** A document counts for the department its owner is in when it is written, unless the writer names another. */
export const creditedDepartment: Rule = {
  create: ({ entity, drafts, referred }) => {
    if (!applies(entity)) return;
    for (const { values } of drafts) values["department_id"] ??= departmentOf(referred, values["owner_id"]);
  },
  change: ({ entity, changes, referred }) => {
    if (!applies(entity) || changes["owner_id"] === undefined || changes["department_id"] !== undefined) return;
    changes["department_id"] = departmentOf(referred, changes["owner_id"]);
  },
};
