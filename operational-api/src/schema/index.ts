/** Every table the migrations make, derived from the entities. `drizzle-kit generate` reads the exports of this file. */
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { Entity } from "../entities/definition.ts";
import { entityNamed } from "../entities/index.ts";
import { entityTable } from "./entity-table.ts";

export { auditEntries } from "./audit-table.ts";
export { amountEvents, departmentEvents, expectedCloseEvents, ownerEvents, stageEvents, statusEvents } from "./event-table.ts";
export { idempotencyKeys } from "./idempotency-table.ts";

type EntityTable = ReturnType<typeof entityTable>;
const made = new Map<string, EntityTable>();

const tableOf = (name: string): Record<string, AnyPgColumn> => {
  const table = made.get(name);
  if (!table) throw new Error(`entity "${name}" has no table in schema/index.ts`);
  return table as unknown as Record<string, AnyPgColumn>;
};

const table = (name: Entity["name"]): EntityTable => {
  const result = entityTable(entityNamed(name), tableOf);
  made.set(name, result);
  return result;
};

export const departments = table("department");
export const employees = table("employee");
export const productCategories = table("product_category");
export const products = table("product");
export const pipelineStages = table("pipeline_stage");
export const closeReasons = table("close_reason");
export const exchangeRates = table("exchange_rate");
export const companySettings = table("company_setting");
export const valueCriteria = table("value_criterion");
export const valueTiers = table("value_tier");
export const churnDefinitions = table("churn_definition");
export const customers = table("customer");
export const contacts = table("contact");
export const customerEvents = table("customer_event");
export const leads = table("lead");
export const opportunities = table("opportunity");
export const activities = table("activity");
export const contracts = table("contract");
export const orders = table("order");
export const orderLines = table("order_line");
export const instalments = table("instalment");
export const receipts = table("receipt");
export const targets = table("target");
