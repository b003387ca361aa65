import { companyEdits } from "../company-edits.ts";

/** A number from 0 up to 1. */
export type Random = () => number;

export interface Edit {
  /** For the trial's log. */
  what: string;
  /** One transaction on the schema `crm`. */
  sql: string;
}

export type Recipe = (tools: {
  one: (table: string, where?: string) => string;
  amount: () => string;
  past: () => string;
  /** A day from 400 days before now to 200 after. */
  day: () => string;
  pick: (...values: string[]) => string;
}) => string;

/** What users, imports and corrections do to a company's records; each takes rows by chance. */
const recipes: Record<string, Recipe> = {
  ...companyEdits,
  "a receipt": ({ one, amount, past }) =>
    `insert into crm.receipts (number, customer_id, owner_id, department_id, received_at, amount, currency)
     select 'T' || gen_random_uuid(), customer_id, owner_id, department_id, ${past()}, ${amount()}, currency from crm.receipts where row_key = ${one("receipts")}`,
  "a receipt's amount": ({ one, amount }) => `update crm.receipts set amount = ${amount()} where row_key = ${one("receipts")}`,
  "a re-dated receipt": ({ one, past }) => `update crm.receipts set received_at = ${past()} where row_key = ${one("receipts")}`,
  "a cancelled receipt": ({ one }) => `update crm.receipts set status = 'cancelled' where row_key = ${one("receipts")}`,
  "a deleted receipt": ({ one }) => `delete from crm.receipts where row_key = ${one("receipts")}`,
  "a receipt out of sight and another back": ({ one }) =>
    `update crm.receipts set deleted_at = case when deleted_at is null then now() end where row_key in (${one("receipts")}, ${one("receipts", "deleted_at is not null")})`,
  "a third of the receipts": () => `update crm.receipts set amount = amount + 0.01 where row_key % 3 = 0`,
  "all orders of a customer": ({ one, past }) =>
    `update crm.orders set ordered_at = ${past()}, discount = 3.33 where customer_id = (select customer_id from crm.orders where row_key = ${one("orders")})`,
  "an order with all its lines away": ({ one }) =>
    `with gone as (update crm.orders set deleted_at = now() where row_key = ${one("orders")} returning id) update crm.order_lines set deleted_at = now() where order_id in (select id from gone)`,
  "a customer out of sight and another back": ({ one }) =>
    `update crm.customers set deleted_at = case when deleted_at is null then now() end where row_key in (${one("customers")}, ${one("customers", "deleted_at is not null")})`,
  "orders of one customer given to another": ({ one }) =>
    `update crm.orders set customer_id = (select id from crm.customers where row_key = ${one("customers")}) where customer_id = (select customer_id from crm.orders where row_key = ${one("orders")})`,
  "an approved order": ({ one }) => `update crm.orders set status = 'approved' where row_key = ${one("orders", "status = 'draft'")}`,
  "a cancelled order": ({ one }) => `update crm.orders set status = 'cancelled' where row_key = ${one("orders")}`,
  "a re-dated order": ({ one, past }) => `update crm.orders set ordered_at = ${past()} where row_key = ${one("orders")}`,
  "an order's discount": ({ one }) => `update crm.orders set discount = discount + 1.01 where row_key = ${one("orders")}`,
  "an order of somebody else": ({ one }) =>
    `update crm.orders set owner_id = (select owner_id from crm.customers where row_key = ${one("customers", "owner_id is not null")}) where row_key = ${one("orders")}`,
  "an order line": ({ one }) =>
    `insert into crm.order_lines (order_id, line_number, product_id, quantity, unit_price, amount, tax_amount)
     select order_id, 90, product_id, 2, 10.01, 20.02, 2.60 from crm.order_lines where row_key = ${one("order_lines")}`,
  "a line's amount": ({ one, amount }) => `update crm.order_lines set amount = ${amount()} where row_key = ${one("order_lines")}`,
  "a deleted line": ({ one }) => `delete from crm.order_lines where row_key = ${one("order_lines")}`,
  "a stage": ({ one, past }) =>
    `with moved as (
       update crm.opportunities set stage = (select code from crm.pipeline_stages where row_key = ${one("pipeline_stages", "deleted_at is null")})
       where row_key = ${one("opportunities", "status = 'open'")} returning id, stage)
     insert into crm.stage_events (entity, record_id, from_value, to_value, effective_at) select 'opportunity', id, stage, stage, ${past()} from moved`,
  "a late stage event": ({ one, past }) => `update crm.stage_events set effective_at = ${past()} where row_key = ${one("stage_events")}`,
  "an opportunity's amount": ({ one, amount }) =>
    `update crm.opportunities set amount = ${amount()} where row_key = ${one("opportunities")}`,
  "a lost opportunity": ({ one, past }) =>
    `update crm.opportunities set status = 'lost', closed_at = ${past()} where row_key = ${one("opportunities", "status = 'open'")}`,
  "an opportunity out of sight": ({ one }) => `update crm.opportunities set deleted_at = now() where row_key = ${one("opportunities")}`,
  "a customer": ({ one }) =>
    `insert into crm.customers (name, kind, owner_id) select '新客户' || row_key, kind, owner_id from crm.customers where row_key = ${one("customers")}`,
  "a customer's name and owner": ({ one }) =>
    `update crm.customers set name = name || '改', owner_id = (select id from crm.employees where row_key = ${one("employees", "is_salesperson")}) where row_key = ${one("customers")}`,
  "an employee's department": ({ one }) =>
    `update crm.employees set department_id = (select id from crm.departments where row_key = ${one("departments")}) where row_key = ${one("employees")}`,
  "a department's name": ({ one }) => `update crm.departments set name = name || '改' where row_key = ${one("departments")}`,
  "a product's name": ({ one }) => `update crm.products set name = name || '改' where row_key = ${one("products")}`,
  "an exchange rate": ({ one }) => `update crm.exchange_rates set rate = rate * 1.01 where row_key = ${one("exchange_rates")}`,
  "a target": ({ one, amount }) => `update crm.targets set amount = ${amount()} where row_key = ${one("targets")}`,
  "a deleted target": ({ one }) => `delete from crm.targets where row_key = ${one("targets")}`,
  "an activity": ({ one, past }) => `update crm.activities set done_at = ${past()} where row_key = ${one("activities")}`,
  "a deleted activity": ({ one }) => `delete from crm.activities where row_key = ${one("activities")}`,
  "a lead's owner": ({ one }) =>
    `update crm.leads set owner_id = (select id from crm.employees where row_key = ${one("employees", "is_salesperson")}) where row_key = ${one("leads")}`,
};

/** One of the edits above, before `now`, its rows picked by chance but the same for the same numbers. */
export function randomEdit(random: Random, now: Date): Edit {
  const names = Object.keys(recipes);
  const what = names[Math.floor(random() * names.length)] ?? "a receipt";
  const one = (table: string, where = "true"): string => {
    const salt = Math.floor(random() * 1_000_000);
    return `(select row_key from crm.${table} where ${where} order by md5(row_key::text || '${salt}') limit 1)`;
  };
  const amount = (): string => (random() * 100_000).toFixed(2);
  const past = (): string => `timestamptz '${new Date(now.getTime() - Math.floor(random() * 400 * 86_400_000)).toISOString()}'`;
  const day = (): string =>
    `date '${new Date(now.getTime() + Math.floor((random() * 600 - 400) * 86_400_000)).toISOString().slice(0, 10)}'`;
  const pick = (...values: string[]): string => values[Math.floor(random() * values.length)] ?? "";
  const recipe = recipes[what];
  if (!recipe) throw new Error(`there is no edit "${what}"`);
  return { what, sql: recipe({ one, amount, past, day, pick }) };
}
