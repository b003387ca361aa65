import type { Entity } from "../entities/definition.ts";
import { creditedDepartment } from "./credited-department.ts";
import { documentValue } from "./document-value.ts";
import type { Rule } from "./draft.ts";
import { exchangeRate } from "./exchange-rate.ts";
import { opportunityStage } from "./opportunity-stage.ts";
import { orderLines } from "./order-lines.ts";
import { pipelineStage } from "./pipeline-stage.ts";
import { targetMonth } from "./target-month.ts";

/** Rules that look at an entity's columns to see whether they apply. */
const general: readonly Rule[] = [creditedDepartment, exchangeRate];

const special: Readonly<Record<string, Rule>> = {
  opportunity: opportunityStage,
  order: orderLines,
  pipeline_stage: pipelineStage,
  target: targetMonth,
};

export const rulesOf = (entity: Entity): readonly Rule[] => {
  const own = special[entity.name];
  return own ? [...general, own, documentValue] : [...general, documentValue];
};
