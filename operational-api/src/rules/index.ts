import type { Entity } from "../entities/definition.ts";
import { churnDefinition } from "./churn-definition.ts";
import { closeReason } from "./close-reason.ts";
import { companySetting } from "./company-setting.ts";
import { contractTerm } from "./contract-term.ts";
import { creditedDepartment } from "./credited-department.ts";
import { documentValue } from "./document-value.ts";
import type { Rule } from "./draft.ts";
import { exchangeRate } from "./exchange-rate.ts";
import { instalmentSum, orderCoversInstalments } from "./instalment-sum.ts";
import { opportunityStage } from "./opportunity-stage.ts";
import { orderLines } from "./order-lines.ts";
import { pipelineStage } from "./pipeline-stage.ts";
import { targetMonth } from "./target-month.ts";

/** Rules that look at an entity's columns to see whether they apply. */
const general: readonly Rule[] = [creditedDepartment, exchangeRate];

/** In this order: a reason is judged by the status that the stage brings, an order's total by its computed lines. */
const special: Readonly<Record<string, readonly Rule[]>> = {
  churn_definition: [churnDefinition],
  company_setting: [companySetting],
  contract: [contractTerm],
  instalment: [instalmentSum],
  opportunity: [opportunityStage, closeReason],
  order: [orderLines, orderCoversInstalments],
  pipeline_stage: [pipelineStage],
  target: [targetMonth],
};

export const rulesOf = (entity: Entity): readonly Rule[] => [...general, ...(special[entity.name] ?? []), documentValue];
