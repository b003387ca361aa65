import { expect, it } from "vitest";
import { loadProject } from "../load-project.ts";
import { writeProject } from "../testing.ts";
import { keyedRuleOf, type KeyedRule } from "./keyed-rule.ts";
import { keysReached, narrowedInputs } from "./keyed-sql.ts";

const target = { name: "kehu", catalog: "warehouse", schema: "main", threads: 1 };

async function ruleOf(live: string): Promise<KeyedRule | null> {
  const projectDir = await writeProject({
    "models/sources.yml": "sources: [{name: crm, database: mirror, schema: raw, tables: [{name: orders}]}]",
    "models/stg_orders.sql": "select * from {{ source('crm', 'orders') }}",
    "models/stg_customers.sql": "select 1 as customer_id, 2 as owner_id",
    "models/stg_employees.sql": "select 2 as employee_id",
    "models/fct_orders.sql":
      "select * from {{ ref('stg_orders') }} left join {{ ref('stg_customers') }} using (customer_id) left join {{ ref('stg_employees') }} on true",
    "models/fct_orders.yml": `models: [{name: fct_orders, meta: {live: ${live}}}]`,
  });
  const project = await loadProject({ projectDir, target, vars: {} });
  const node = [...project.nodes.values()].find(({ name }) => name === "fct_orders");
  if (!node) throw new Error("the project has no fct_orders");
  return keyedRuleOf(node, project);
}

const chain =
  "{key: order_key, from: {stg_employees: {employee_id: [stg_orders.owner_id, stg_customers.owner_id]}, stg_customers: {customer_id: stg_orders.customer_id}, stg_orders: order_key}}";
const short = (id: string): string => id.split(".")[2] ?? id;

it("follows a change by every way that leads to a key", async () => {
  const rule = await ruleOf(chain);
  if (!rule) throw new Error("there is no rule");
  const [employees = ""] = [...rule.inputs.keys()].filter((id) => short(id) === "stg_employees");
  expect(keysReached(rule, employees, "changed", short)).toEqual([
    'select "order_key" as kehu_key from (select * from stg_orders where "owner_id" in (select "employee_id" from changed))',
    'select "order_key" as kehu_key from (select * from stg_orders where "customer_id" in (select "customer_id" from (select * from stg_customers where "owner_id" in (select "employee_id" from changed))))',
  ]);
});

it("narrows inputs in the order in which they lead to each other", async () => {
  const rule = await ruleOf(chain);
  if (!rule) throw new Error("there is no rule");
  expect([...narrowedInputs(rule, "keys", short, (id) => `narrowed_${short(id)}`)].map(([id, select]) => [short(id), select])).toEqual([
    ["stg_orders", 'select * from stg_orders where "order_key" in (select kehu_key from keys)'],
    ["stg_customers", 'select * from stg_customers where "customer_id" in (select "customer_id" from narrowed_stg_orders)'],
    [
      "stg_employees",
      'select * from stg_employees where "employee_id" in (select "owner_id" from narrowed_stg_orders union all select "owner_id" from narrowed_stg_customers)',
    ],
  ]);
});

it("writes narrowed inputs in each other where they have no names", async () => {
  const rule = await ruleOf("{key: order_key, from: {stg_customers: {customer_id: stg_orders.customer_id}, stg_orders: order_key}}");
  if (!rule) throw new Error("there is no rule");
  const orders = 'select * from stg_orders where "order_key" in (select kehu_key from keys)';
  expect([...narrowedInputs(rule, "keys", short).values()]).toEqual([
    orders,
    `select * from stg_customers where "customer_id" in (select "customer_id" from (${orders}))`,
  ]);
});

it("reads an expression over the columns as it is written", async () => {
  const rule = await ruleOf("{key: month, from: {stg_orders: \"date_trunc('month', ordered_on)\"}}");
  if (!rule) throw new Error("there is no rule");
  const [orders = ""] = rule.inputs.keys();
  expect(keysReached(rule, orders, "changed", short)).toEqual(["select (date_trunc('month', ordered_on)) as kehu_key from changed"]);
});

it("writes by the key unless a finer column is named", async () => {
  expect((await ruleOf("{key: order_key}"))?.row).toBe("order_key");
  expect((await ruleOf("{key: order_key, row: order_line_key}"))?.row).toBe("order_line_key");
});

it.each([
  ["{from: {stg_orders: order_key}}", "it needs a key, the name of a column"],
  ["{key: order_key, row: [order_line_key]}", "row must be the name of a column"],
  ["{key: order_key, from: {stg_order: order_key}}", 'stg_order is not an input of this model. Did you mean "stg_orders"?'],
  ["{key: order_key, from: {stg_orders: {order_key: order_key}}}", 'order_key must lead to input.column, found "order_key"'],
  [
    "{key: order_key, from: {stg_orders: {customer_id: stg_customers.customer_id}}}",
    "stg_orders leads to stg_customers, which has no rule of its own",
  ],
  [
    "{key: order_key, from: {stg_orders: {a: stg_customers.a}, stg_customers: {a: stg_orders.a}}}",
    "its inputs lead in a circle: stg_orders -> stg_customers -> stg_orders",
  ],
])("says what is wrong with %s", async (live, message) => {
  await expect(ruleOf(live)).rejects.toThrow(message);
});

it("is no rule where there is none", async () => {
  expect(await ruleOf("null")).toBeNull();
});
