import { activity } from "./activity.ts";
import { churnDefinition } from "./churn-definition.ts";
import { closeReason } from "./close-reason.ts";
import { companySetting } from "./company-setting.ts";
import { contact } from "./contact.ts";
import { contract } from "./contract.ts";
import { customer } from "./customer.ts";
import { customerEvent } from "./customer-event.ts";
import type { Entity } from "./definition.ts";
import { department } from "./department.ts";
import { employee } from "./employee.ts";
import { exchangeRate } from "./exchange-rate.ts";
import { instalment } from "./instalment.ts";
import { lead } from "./lead.ts";
import { opportunity } from "./opportunity.ts";
import { order } from "./order.ts";
import { orderLine } from "./order-line.ts";
import { pipelineStage } from "./pipeline-stage.ts";
import { product } from "./product.ts";
import { productCategory } from "./product-category.ts";
import { receipt } from "./receipt.ts";
import { target } from "./target.ts";
import { valueCriterion } from "./value-criterion.ts";
import { valueTier } from "./value-tier.ts";

/** Every entity, parents before children where references allow it. */
export const entities: readonly Entity[] = [
  department,
  employee,
  productCategory,
  product,
  pipelineStage,
  closeReason,
  exchangeRate,
  companySetting,
  valueCriterion,
  valueTier,
  churnDefinition,
  customer,
  contact,
  customerEvent,
  lead,
  opportunity,
  activity,
  contract,
  order,
  orderLine,
  instalment,
  receipt,
  target,
];

const byName = new Map(entities.map((entity) => [entity.name, entity]));

/** The entity called `name` (singular, snake_case). Throws when there is none: a wrong name is a programming error. */
export const entityNamed = (name: string): Entity => {
  const entity = byName.get(name);
  if (!entity) throw new Error(`no entity "${name}"; there are ${[...byName.keys()].join(", ")}`);
  return entity;
};

/** The path segment of an entity's collection: `product_categories` is `product-categories`. */
export const collectionOf = (entity: Entity): string => entity.table.replaceAll("_", "-");
