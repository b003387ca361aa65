import { activity } from "./activity.ts";
import { contact } from "./contact.ts";
import { customer } from "./customer.ts";
import type { Entity } from "./definition.ts";
import { department } from "./department.ts";
import { employee } from "./employee.ts";
import { exchangeRate } from "./exchange-rate.ts";
import { lead } from "./lead.ts";
import { opportunity } from "./opportunity.ts";
import { order } from "./order.ts";
import { orderLine } from "./order-line.ts";
import { pipelineStage } from "./pipeline-stage.ts";
import { product } from "./product.ts";
import { productCategory } from "./product-category.ts";
import { receipt } from "./receipt.ts";
import { target } from "./target.ts";

/** Every entity, parents before children where references allow it. */
export const entities: readonly Entity[] = [
  department,
  employee,
  productCategory,
  product,
  pipelineStage,
  exchangeRate,
  customer,
  contact,
  lead,
  opportunity,
  activity,
  order,
  orderLine,
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
