import type { Recipe } from "./live/random-edits.ts";

const segments = ["end_customer", "reseller", "partner", "government"];

/** Takes one row out of sight and brings another back. */
const hideAndRestore =
  (table: string): Recipe =>
  ({ one }) =>
    `update crm.${table} set deleted_at = case when deleted_at is null then now() end where row_key in (${one(table, "deleted_at is null")}, ${one(table, "deleted_at is not null")})`;
const redate =
  (table: string, column = "effective_at"): Recipe =>
  ({ one, past }) =>
    `update crm.${table} set ${column} = ${past()} where row_key = ${one(table)}`;
const remove =
  (table: string): Recipe =>
  ({ one }) =>
    `delete from crm.${table} where row_key = ${one(table)}`;

/** What happens to a company's definitions and to the tables around its documents, for the trial that compares live builds with full ones. */
export const companyEdits: Record<string, Recipe> = {
  "a lead's status": ({ one, pick }) =>
    `update crm.leads set status = '${pick("contacted", "qualified", "converted", "discarded")}' where row_key = ${one("leads")}`,
  "a lead out of sight and another back": hideAndRestore("leads"),
  "a contract": ({ one, amount, day }) =>
    `insert into crm.contracts (number, name, customer_id, owner_id, status, signed_on, starts_on, ends_on, amount, currency)
     select 'T' || gen_random_uuid(), '新合同', id, owner_id, 'effective', start, start, start + 90, ${amount()}, 'CNY'
     from crm.customers, (select ${day()} as start) where row_key = ${one("customers", "owner_id is not null")}`,
  "a contract's term": ({ one, day }) =>
    `update crm.contracts set starts_on = start, ends_on = start + 200 from (select ${day()} as start) where row_key = ${one("contracts")}`,
  "a terminated contract": ({ one }) =>
    `update crm.contracts set status = 'terminated', terminated_on = starts_on + (ends_on - starts_on) / 2, termination_reason = 'price' where row_key = ${one("contracts")}`,
  "a contract in force or not": ({ one, pick }) =>
    `update crm.contracts set status = '${pick("draft", "effective")}', terminated_on = null where row_key = ${one("contracts")}`,
  "a renewed contract": ({ one, amount }) =>
    `insert into crm.contracts (number, customer_id, owner_id, status, starts_on, ends_on, amount, currency, renewal_of_id)
     select 'T' || gen_random_uuid(), customer_id, owner_id, 'effective', ends_on + 1, ends_on + 365, ${amount()}, currency, id from crm.contracts where row_key = ${one("contracts")}`,
  "a contract of another customer": ({ one }) =>
    `update crm.contracts set customer_id = (select id from crm.customers where row_key = ${one("customers")}) where row_key = ${one("contracts")}`,
  "a contract out of sight and another back": hideAndRestore("contracts"),
  "a deleted contract": ({ one }) =>
    `delete from crm.contracts where row_key = ${one("contracts", "not exists (select from crm.contracts as next where next.renewal_of_id = contracts.id)")}`,
  "an instalment": ({ one, amount, day, pick }) =>
    `insert into crm.instalments (order_id, sequence, kind, due_on, amount)
     select id, 1 + coalesce((select max(sequence) from crm.instalments where order_id = orders.id), 0), '${pick("deposit", "delivery", "retention")}', ${day()}, ${amount()}
     from crm.orders where row_key = ${one("orders")}`,
  "an order in two instalments": ({ one, day }) =>
    `insert into crm.instalments (order_id, sequence, due_on, amount)
     select id, sequence, ${day()} + sequence * 30, 1000.01
     from crm.orders, generate_series(1, 2) as sequence
     where row_key = ${one("orders", "not exists (select from crm.instalments where order_id = orders.id)")}`,
  "an instalment's amount": ({ one, amount }) => `update crm.instalments set amount = ${amount()} where row_key = ${one("instalments")}`,
  "a re-dated instalment": ({ one, day }) => `update crm.instalments set due_on = ${day()} where row_key = ${one("instalments")}`,
  "an instalment out of sight and another back": hideAndRestore("instalments"),
  "a deleted instalment": remove("instalments"),
  "a receipt for another order": ({ one }) =>
    `update crm.receipts set order_id = (select id from crm.orders where row_key = ${one("orders")}) where row_key = ${one("receipts")}`,
  "a receipt for no order": ({ one }) =>
    `update crm.receipts set order_id = null where row_key = ${one("receipts", "order_id is not null")}`,
  "a close reason's name": ({ one }) => `update crm.close_reasons set name = name || '改' where row_key = ${one("close_reasons")}`,
  "a close reason out of sight and another back": hideAndRestore("close_reasons"),
  "an opportunity's close reason": ({ one }) =>
    `update crm.opportunities set close_reason = (select code from crm.close_reasons where row_key = ${one("close_reasons")}) where row_key = ${one("opportunities", "status <> 'open'")}`,
  "a customer event": ({ one, past, pick }) =>
    `insert into crm.customer_events (customer_id, kind, reason, occurred_at, owner_id)
     select id, '${pick("declared_lost", "won_back", "complaint", "level_changed", "visit_refused")}', 'price', ${past()}, owner_id from crm.customers where row_key = ${one("customers")}`,
  "a re-dated customer event": redate("customer_events", "occurred_at"),
  "a customer event of another kind": ({ one, pick }) =>
    `update crm.customer_events set kind = '${pick("declared_lost", "won_back", "complaint")}', reason = '${pick("price", "service")}' where row_key = ${one("customer_events")}`,
  "a customer event of another customer": ({ one }) =>
    `update crm.customer_events set customer_id = (select id from crm.customers where row_key = ${one("customers")}) where row_key = ${one("customer_events")}`,
  "a customer event out of sight and another back": hideAndRestore("customer_events"),
  "a deleted customer event": remove("customer_events"),
  "a company setting": ({ pick }) => {
    const [key, value] = pick(
      "win_rate=all",
      "win_rate=closed_and_overdue",
      "win_rate=closed",
      "result_basis=received",
      "result_basis=won",
      "result_basis=ordered",
      "active_days=90",
      "active_days=200",
      "neglected_days=30",
      "payment_days=0",
      "payment_days=60",
      "cost_to_serve_per_visit=120.50",
    ).split("=");
    return `with changed as (update crm.company_settings set value = '${value}' where key = '${key}' returning key)
      insert into crm.company_settings (key, value) select '${key}', '${value}' where not exists (select from changed)`;
  },
  "a company setting out of sight and another back": hideAndRestore("company_settings"),
  "a deleted company setting": remove("company_settings"),
  "a value criterion's weight": ({ one, pick }) =>
    `update crm.value_criteria set weight = ${pick("0", "0.05", "0.3", "1")} where row_key = ${one("value_criteria")}`,
  "a segment's own value criteria": ({ pick }) => {
    const segment = pick(...segments);
    return `insert into crm.value_criteria (segment, criterion, weight)
      select '${segment}', criterion, weight + 0.01 from crm.value_criteria as known where segment is null and weight < 0.9
        and not exists (select from crm.value_criteria where segment = '${segment}' and criterion = known.criterion)`;
  },
  "a value criterion out of sight and another back": hideAndRestore("value_criteria"),
  "a deleted value criterion": remove("value_criteria"),
  "a value tier's threshold": ({ one, pick }) =>
    `update crm.value_tiers set threshold = ${pick("0.02", "0.1", "0.5", "1")}, basis = '${pick("rank_share", "score")}' where row_key = ${one("value_tiers")}`,
  "a segment's own value tiers": ({ pick }) => {
    const segment = pick(...segments);
    return `insert into crm.value_tiers (segment, tier, position, basis, threshold)
      select '${segment}', tier, position, basis, threshold from crm.value_tiers as known where segment is null
        and not exists (select from crm.value_tiers where segment = '${segment}' and tier = known.tier)`;
  },
  "a value tier out of sight and another back": hideAndRestore("value_tiers"),
  "a deleted value tier": remove("value_tiers"),
  "a churn definition": ({ one, pick }) =>
    `update crm.churn_definitions set ${pick("method = 'days', days = 60", "method = 'days', days = 200", "method = 'interval', multiple = 2.5", "method = 'contract_end'")} where row_key = ${one("churn_definitions")}`,
  "a segment's own churn definition": ({ pick }) => {
    const segment = pick(...segments);
    return `insert into crm.churn_definitions (segment, method, multiple, days) select '${segment}', '${pick("days", "interval", "contract_end")}', 3, 120
      where not exists (select from crm.churn_definitions where segment = '${segment}')`;
  },
  "a churn definition out of sight and another back": hideAndRestore("churn_definitions"),
  "a deleted churn definition": remove("churn_definitions"),
  "a target of another month": ({ one, day }) =>
    `update crm.targets set month = moved.month from (select date_trunc('month', ${day()})::date as month) as moved
     where row_key = ${one("targets", "deleted_at is null")} and not exists (
       select from crm.targets as other where other.month = moved.month
         and (other.measure, other.level, other.department_id) = (targets.measure, targets.level, targets.department_id)
         and other.employee_id is not distinct from targets.employee_id)`,
  "a target for one month more": ({ one, amount }) =>
    `insert into crm.targets (measure, level, department_id, employee_id, month, amount)
     select measure, level, department_id, employee_id, month + interval '1 year', ${amount()} from crm.targets where row_key = ${one("targets")}
     on conflict do nothing`,
  "a target out of sight and another back": hideAndRestore("targets"),
  "an order line of another order": ({ one }) =>
    `update crm.order_lines set order_id = (select id from crm.orders where row_key = ${one("orders")}) where row_key = ${one("order_lines")}`,
  "a line's product and cost": ({ one, amount }) =>
    `update crm.order_lines set product_id = (select id from crm.products where row_key = ${one("products")}), unit_cost = ${amount()} where row_key = ${one("order_lines")}`,
  "an order line out of sight and another back": hideAndRestore("order_lines"),
  "an order turned into a return": ({ one, pick }) =>
    `update crm.orders set kind = '${pick("return", "sale")}' where row_key = ${one("orders")}`,
  "an order of an opportunity": ({ one }) =>
    `update crm.orders set opportunity_id = (select id from crm.opportunities where row_key = ${one("opportunities")}) where row_key = ${one("orders")}`,
  "an order in another currency": ({ one, pick }) =>
    `update crm.orders set currency = '${pick("USD", "EUR", "CNY", "XXX")}', exchange_rate = null where row_key = ${one("orders")}`,
  "an order out of sight and another back": hideAndRestore("orders"),
  "an opportunity of another customer": ({ one }) =>
    `update crm.opportunities set customer_id = (select id from crm.customers where row_key = ${one("customers")}) where row_key = ${one("opportunities")}`,
  "a won opportunity": ({ one, past }) =>
    `update crm.opportunities set status = 'won', closed_at = ${past()} where row_key = ${one("opportunities", "status = 'open'")}`,
  "a reopened opportunity": ({ one }) =>
    `update crm.opportunities set status = 'open', closed_at = null, close_reason = null where row_key = ${one("opportunities", "status <> 'open'")}`,
  "an opportunity expected on another day": ({ one, day }) =>
    `with moved as (update crm.opportunities set expected_close_on = ${day()} where row_key = ${one("opportunities")} returning id, expected_close_on)
     insert into crm.expected_close_events (entity, record_id, to_value, effective_at) select 'opportunity', id, expected_close_on::text, now() from moved`,
  "an opportunity out of sight and another back": hideAndRestore("opportunities"),
  "a re-dated amount event": redate("amount_events"),
  "a re-dated expected close event": redate("expected_close_events"),
  "a re-dated status event": redate("status_events"),
  "a re-dated owner event": redate("owner_events"),
  "a re-dated department event": redate("department_events"),
  "a deleted stage event": remove("stage_events"),
  "a deleted amount event": remove("amount_events"),
  "a deleted expected close event": remove("expected_close_events"),
  "a deleted status event": remove("status_events"),
  "a deleted owner event": remove("owner_events"),
  "a deleted department event": remove("department_events"),
  "an activity with another customer and opportunity": ({ one, amount }) =>
    `update crm.activities set customer_id = (select id from crm.customers where row_key = ${one("customers")}),
       opportunity_id = (select id from crm.opportunities where row_key = ${one("opportunities")}), cost = ${amount()}
     where row_key = ${one("activities")}`,
  "an activity not done": ({ one }) => `update crm.activities set done_at = null, outcome = null where row_key = ${one("activities")}`,
  "an activity out of sight and another back": hideAndRestore("activities"),
  "a customer's kind, level and region": ({ one, pick }) =>
    `update crm.customers set kind = '${pick(...segments)}', level = '${pick("A", "B", "C", "D")}', province = '${pick("浙江", "广东", "北京")}' where row_key = ${one("customers")}`,
  "a customer's parent": ({ one }) =>
    `update crm.customers set parent_id = (select id from crm.customers where row_key = ${one("customers")}) where row_key = ${one("customers")}`,
  "a re-dated customer": redate("customers", "created_at"),
  "a contact's customer": ({ one }) =>
    `update crm.contacts set customer_id = (select id from crm.customers where row_key = ${one("customers")}) where row_key = ${one("contacts")}`,
  "a contact out of sight and another back": hideAndRestore("contacts"),
  "an employee who left": ({ one, day }) =>
    `update crm.employees set status = 'left', left_on = ${day()} where row_key = ${one("employees", "status = 'active'")}`,
  "an employee who came back": ({ one }) =>
    `update crm.employees set status = 'active', left_on = null where row_key = ${one("employees", "status = 'left'")}`,
  "an employee's manager": ({ one }) =>
    `update crm.employees set manager_id = (select id from crm.employees where row_key = ${one("employees")}) where row_key = ${one("employees")}`,
  "an employee out of sight and another back": hideAndRestore("employees"),
  "a department under another": ({ one }) =>
    `update crm.departments set parent_id = (select id from crm.departments where row_key = ${one("departments")}) where row_key = ${one("departments")}`,
  "a department out of sight and another back": hideAndRestore("departments"),
  "a product's category and cost": ({ one, amount }) =>
    `update crm.products set category_id = (select id from crm.product_categories where row_key = ${one("product_categories")}), cost_price = ${amount()} where row_key = ${one("products")}`,
  "a product out of sight and another back": hideAndRestore("products"),
  "a product category's name": ({ one }) =>
    `update crm.product_categories set name = name || '改' where row_key = ${one("product_categories")}`,
  "a pipeline stage's probability": ({ one, pick }) =>
    `update crm.pipeline_stages set probability = ${pick("0.1", "0.45", "0.9")} where row_key = ${one("pipeline_stages", "outcome = 'open'")}`,
  "a pipeline stage out of sight and another back": hideAndRestore("pipeline_stages"),
  "an exchange rate of another day": ({ one, day }) =>
    `insert into crm.exchange_rates (currency, rate, valid_on) select currency, rate * 1.1, ${day()} from crm.exchange_rates where row_key = ${one("exchange_rates")}
     on conflict do nothing`,
  "a deleted exchange rate": remove("exchange_rates"),
};
