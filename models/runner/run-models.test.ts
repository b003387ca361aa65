import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runModels, type RunOptions, type RunSummary } from "./run-models.ts";
import { queryFile, writeProject } from "./testing.ts";

async function run(
  files: Record<string, string>,
  options: Partial<RunOptions> = {},
): Promise<{ summary: RunSummary; database: string; folder: string; again: (more: Partial<RunOptions>) => Promise<RunSummary> }> {
  const folder = await writeProject(files);
  const database = join(folder, "shop.duckdb");
  const again = (more: Partial<RunOptions>): Promise<RunSummary> =>
    runModels({ command: "build", projectDir: folder, database, ...options, ...more });
  return { summary: await again({}), database, folder, again };
}

const outcome = (summary: RunSummary): Record<string, string> =>
  Object.fromEntries(summary.results.map((result) => [result.name, result.status]));

const chain = {
  "seeds/raw_orders.csv": "id,customer,amount,code\n1,ann,10.50,007\n2,bob,3,008\n3,ann,,009\n",
  "seeds/seeds.yml": "seeds: [{name: raw_orders, config: {column_types: {code: varchar}}}]",
  "models/stg_orders.sql": "select id as order_id, customer, amount, code from {{ ref('raw_orders') }}",
  "models/eph_paid.sql": "{{ config(materialized='ephemeral') }}\nselect * from {{ ref('stg_orders') }} where amount is not null",
  "models/fct_customers.sql":
    "{{ config(materialized='table', tags=['nightly']) }}\nwith paid as (select * from {{ ref('eph_paid') }})\nselect customer, sum(amount) as amount from paid group by customer",
  "models/schema.yml": `
models:
  - name: stg_orders
    columns:
      - name: order_id
        data_tests: [unique, not_null]
      - name: amount
        data_tests:
          - not_null: {config: {severity: warn}}
          - not_null: {name: amount_from_two, config: {where: "order_id < 3"}}
  - name: fct_customers
    columns:
      - name: customer
        data_tests:
          - relationships: {arguments: {to: ref('stg_orders'), field: customer}}
          - accepted_values: {values: [ann, bob]}`,
};

describe("build", () => {
  it("makes seeds, views, tables and ephemeral models in order, with their tests", async () => {
    const { summary, database } = await run(chain);
    expect(summary.error).toBeNull();
    expect(summary.exitCode).toBe(0);
    expect(outcome(summary)).toEqual({
      raw_orders: "success",
      stg_orders: "success",
      fct_customers: "success",
      unique_stg_orders_order_id: "pass",
      not_null_stg_orders_order_id: "pass",
      not_null_stg_orders_amount: "warn",
      amount_from_two: "pass",
      relationships_fct_customers_customer__customer__ref_stg_orders_: "pass",
      accepted_values_fct_customers_customer__ann__bob: "pass",
    });
    const names = summary.results.map((result) => result.name);
    expect(names.indexOf("unique_stg_orders_order_id")).toBeLessThan(names.indexOf("fct_customers"));
    expect(await queryFile(database, "select customer, amount::varchar as amount from fct_customers order by 1")).toEqual([
      { customer: "ann", amount: "10.5" },
      { customer: "bob", amount: "3.0" },
    ]);
    expect(await queryFile(database, "select code from stg_orders order by 1 limit 1")).toEqual([{ code: "007" }]);
    expect(await queryFile(database, "select table_name, table_type from information_schema.tables order by 1")).toEqual([
      { table_name: "fct_customers", table_type: "BASE TABLE" },
      { table_name: "raw_orders", table_type: "BASE TABLE" },
      { table_name: "stg_orders", table_type: "VIEW" },
    ]);
  });

  it("skips what reads a model whose test failed, and says how many rows", async () => {
    const { summary } = await run({ ...chain, "seeds/raw_orders.csv": "id,customer,amount,code\n1,ann,1,1\n1,bob,2,2\n" });
    expect(summary.exitCode).toBe(1);
    expect(outcome(summary)).toMatchObject({ stg_orders: "success", unique_stg_orders_order_id: "fail", fct_customers: "skipped" });
    expect(summary.results.find((result) => result.status === "fail")).toMatchObject({
      failures: 1,
      message: "Got 1 result, configured to fail if != 0",
    });
  });

  it("goes on with what does not depend on a failed model, unless told to stop", async () => {
    const files = {
      "models/a.sql": "select nothing_here from (select 1 as something)",
      "models/b.sql": "select * from {{ ref('a') }}",
      "models/c.sql": "select 1 as one",
    };
    const { summary, again } = await run(files, { threads: 1 });
    expect(outcome(summary)).toEqual({ a: "error", b: "skipped", c: "success" });
    expect(summary.results[0]?.message).toMatch(/nothing_here[\s\S]*something[\s\S]*in models\/a\.sql/);
    expect(outcome(await again({ failFast: true }))).toEqual({ a: "error", b: "skipped", c: "skipped" });
  });

  it("replaces a view by a table and back", async () => {
    const { folder, database, again } = await run({ "models/a.sql": "select 1 as one" });
    for (const kind of ["table", "view", "table"]) {
      await writeFile(join(folder, "models/a.sql"), `{{ config(materialized='${kind}') }} select '${kind}' as kind`);
      expect((await again({})).exitCode).toBe(0);
      expect(await queryFile(database, "select kind from a")).toEqual([{ kind }]);
    }
  });

  it("adds to incremental models, and starts anew with fullRefresh", async () => {
    const files = {
      "models/events.sql": `{{ config(materialized='incremental', unique_key='id') }}
select {{ var('id') }} as id, '{{ var('value') }}' as value, {{ is_incremental() }} as added`,
    };
    const { database, again } = await run(files, { vars: { id: 1, value: "a" } });
    await again({ vars: { id: 2, value: "b" } });
    await again({ vars: { id: 1, value: "c" } });
    expect(await queryFile(database, "select * from events order by id")).toEqual([
      { id: 1, value: "c", added: true },
      { id: 2, value: "b", added: true },
    ]);
    await again({ vars: { id: 9, value: "z" }, fullRefresh: true });
    expect(await queryFile(database, "select * from events")).toEqual([{ id: 9, value: "z", added: false }]);
  });

  it("takes schemas from the folder's configuration, dbt's way or the project's", async () => {
    const files = {
      "dbt_project.yml": "name: shop\nmodels: {shop: {marts: {+schema: marts, +materialized: table}}}",
      "models/marts/one.sql": "select 1 as one",
      "models/two.sql": "select * from {{ ref('one') }}",
    };
    expect((await run(files)).summary.results[0]?.relationName).toBe('"shop"."main_marts"."one"');
    const own = {
      ...files,
      "macros/schema.sql": "{% macro generate_schema_name(custom, node) %}{{ custom or target.schema }}{% endmacro %}",
    };
    expect((await run(own)).summary.results[0]?.relationName).toBe('"shop"."marts"."one"');
  });

  it("asks the database while it renders", async () => {
    const files = {
      "models/a.sql": "select 1 as x union all select 2",
      "models/b.sql": `{% set rows = run_query("select x from " ~ ref('a') ~ " order by x") %}
select {% if execute %}{% for row in rows %}{{ row.x }} as c{{ row[0] }}, {% endfor %}{{ rows.columns[0].values() | length }} as n{% else %}1{% endif %}`,
    };
    const { summary, database } = await run(files);
    expect(summary.error).toBeNull();
    expect(await queryFile(database, "select * from b")).toEqual([{ c1: 1, c2: 2, n: 2 }]);
  });

  it("runs hooks, custom generic tests and singular tests", async () => {
    const files = {
      "models/a.sql": "{{ config(materialized='table', post_hook='insert into {{ this }} values (5)') }} select 1 as x",
      "models/a.yml": "models: [{name: a, columns: [{name: x, data_tests: [{below: {arguments: {limit: 5}}}]}]}]",
      "tests/generic/below.sql":
        "{% test below(model, column_name, limit) %}select * from {{ model }} where {{ column_name }} >= {{ limit }}{% endtest %}",
      "tests/a_has_two_rows.sql": "select 1 from {{ ref('a') }} having count(*) <> 2",
    };
    expect(outcome((await run(files)).summary)).toEqual({ a: "success", below_a_x__5: "fail", a_has_two_rows: "pass" });
  });

  it("runs unit tests before their model", async () => {
    const test = (expected: number): string => `
unit_tests:
  - name: doubles
    model: b
    given:
      - input: ref('a')
        rows: [{x: 1, y: "2026-01-01"}, {x: 2}]
    expect:
      rows: [{twice: 2}, {twice: ${expected}}]`;
    const files = {
      "models/a.sql": "select 1 as x, date '2026-01-01' as y",
      "models/b.sql": "{{ config(materialized='table') }} select x * 2 as twice, y from {{ ref('a') }}",
    };
    expect(outcome((await run({ ...files, "models/b.yml": test(4) })).summary)).toEqual({ a: "success", doubles: "pass", b: "success" });
    const { summary } = await run({ ...files, "models/b.yml": test(5) });
    expect(outcome(summary)).toEqual({ a: "success", doubles: "fail", b: "skipped" });
    expect(summary.results.find((result) => result.name === "doubles")?.message).toMatch(/missing\s+\| 5\n\s+unexpected \| 4/);
  });
});

describe("project errors", () => {
  const cases: [string, Record<string, string>, RegExp][] = [
    ["no project", { "dbt_project.yml": "{}" }, /"name" must be letters/],
    ["a ring", { "models/a.sql": "select * from {{ ref('b') }}", "models/b.sql": "select * from {{ ref('a') }}" }, /a -> b -> a/],
    [
      "a misspelt ref",
      { "models/orders.sql": "select 1", "models/b.sql": "select * from {{ ref('ordrs') }}" },
      /models\/b\.sql:1: b refers to ref\('ordrs'\), which does not exist\. Did you mean "orders"\?/,
    ],
    [
      "an unknown source",
      { "models/b.sql": "select * from {{ source('crm', 'orders') }}" },
      /source\('crm', 'orders'\), which no YAML file declares/,
    ],
    [
      "an unknown test",
      { "models/a.sql": "select 1 as x", "models/a.yml": "models: [{name: a, columns: [{name: x, data_tests: [uniqe]}]}]" },
      /no test "uniqe" .* Did you mean "unique"\?/,
    ],
    ["a variable without value", { "models/a.sql": "select '{{ var('nothing') }}'" }, /var\("nothing"\) is not set/],
    ["broken YAML", { "models/a.yml": "models: [" }, /models\/a\.yml:\d+: /],
    ["broken Jinja", { "models/a.sql": "select 1\n{% if %}" }, /models\/a\.sql:2/],
    ["an unknown macro", { "models/a.sql": "select {{ cents(1) }}" }, /'cents' is undefined/],
    [
      "two models of a name",
      { "models/x/a.sql": "select 1", "models/y/a.sql": "select 1" },
      /two models are named "a": models\/x\/a\.sql and models\/y\/a\.sql/,
    ],
  ];
  it.each(cases)("names %s", async (_name, files, message) => {
    const { summary } = await run(files);
    expect(summary.exitCode).toBe(2);
    expect(summary.error).toMatch(message);
  });
});

describe("other commands", () => {
  it("compiles, lists, shows and tests", async () => {
    const { again } = await run(chain);
    const compiled = await again({ command: "compile", select: ["fct_customers"] });
    const sql = compiled.compiled.get("model.shop.fct_customers") ?? "";
    expect(sql).toContain("with __dbt__cte__eph_paid as (");
    expect(sql).toContain("), paid as (select * from __dbt__cte__eph_paid)");
    expect((await again({ command: "ls", select: ["tag:nightly"] })).nodes.map((node) => node.name)).toContain("fct_customers");
    expect((await again({ command: "show", select: ["fct_customers"], limit: 1 })).rows).toHaveLength(1);
    expect((await again({ command: "show", inline: "select count(*)::int as n from {{ ref('stg_orders') }}" })).rows).toEqual([{ n: 3 }]);
    const tested = await again({ command: "test", select: ["stg_orders"] });
    // dbt takes along the tests that read it and others.
    expect(tested.results.every((result) => result.resourceType === "test")).toBe(true);
    expect(tested.results).toHaveLength(5);
    expect((await again({ command: "run" })).results.map((result) => result.name)).toEqual(["stg_orders", "fct_customers"]);
  });

  it("writes artifacts in dbt's layout", async () => {
    const { folder } = await run(chain);
    const manifest = JSON.parse(await readFile(join(folder, "target/manifest.json"), "utf8"));
    const model = manifest.nodes["model.shop.fct_customers"];
    expect(model).toMatchObject({
      resource_type: "model",
      relation_name: '"shop"."main"."fct_customers"',
      tags: ["nightly"],
      depends_on: { nodes: ["model.shop.eph_paid"] },
    });
    expect(manifest.parent_map["model.shop.stg_orders"]).toEqual(["seed.shop.raw_orders"]);
    const { results } = JSON.parse(await readFile(join(folder, "target/run_results.json"), "utf8"));
    expect(results.find((result: { unique_id: string }) => result.unique_id === "seed.shop.raw_orders")).toMatchObject({
      status: "success",
      failures: null,
    });
    expect(await readFile(join(folder, "target/compiled/shop/models/stg_orders.sql"), "utf8")).toContain('from "shop"."main"."raw_orders"');
  });
});

const shared = process.env.KEHU_SHARED_DATA ?? join(import.meta.dirname, "../../../shared/data");
const jaffle = join(shared, "jaffle-shop");

describe.skipIf(!existsSync(jaffle))(`jaffle shop (skipped when ${jaffle} is absent)`, () => {
  it("gives the published figures", async () => {
    const folder = await writeProject({
      "models/staging/stg_payments.sql":
        "select id as payment_id, order_id, payment_method, cast(amount / 100.0 as decimal(18, 2)) as amount from {{ ref('raw_payments') }}",
      "models/orders.sql": `{% set payment_methods = ['credit_card', 'coupon', 'bank_transfer', 'gift_card'] %}
with payments as (
  select order_id, {% for method in payment_methods -%} sum(amount) filter (where payment_method = '{{ method }}') as {{ method }}_amount, {% endfor -%} sum(amount) as amount
  from {{ ref('stg_payments') }} group by order_id
)
select orders.id as order_id, orders.user_id as customer_id, orders.status, payments.* exclude (order_id)
from {{ ref('raw_orders') }} as orders left join payments on payments.order_id = orders.id`,
      "models/orders.yml": `
models:
  - name: orders
    columns:
      - {name: order_id, data_tests: [unique, not_null]}
      - {name: customer_id, data_tests: [{relationships: {to: ref('raw_customers'), field: id}}]}
      - {name: status, data_tests: [{accepted_values: {values: [placed, shipped, completed, return_pending, returned]}}]}`,
    });
    await mkdir(join(folder, "seeds"));
    for (const name of ["raw_customers", "raw_orders", "raw_payments"])
      await copyFile(join(jaffle, `${name}.csv`), join(folder, "seeds", `${name}.csv`));
    const database = join(folder, "jaffle.duckdb");
    const summary = await runModels({ command: "build", projectDir: folder, database });
    expect(summary.exitCode).toBe(0);
    expect(
      await queryFile(database, "select count(distinct customer_id)::int as customers, sum(amount)::varchar as amount from orders"),
    ).toEqual([{ customers: 62, amount: "1672.00" }]);
    expect(await queryFile(database, "select status, count(*)::int as orders from orders group by 1 order by 1")).toEqual([
      { status: "completed", orders: 67 },
      { status: "placed", orders: 13 },
      { status: "return_pending", orders: 2 },
      { status: "returned", orders: 4 },
      { status: "shipped", orders: 13 },
    ]);
  });
});

it("leaves the semantic layer's templates alone", async () => {
  const { summary } = await run({
    "models/a.sql": "select 1 as x",
    "models/a.yml": `
models: [{name: a}]
semantic_models: [{name: a, model: ref('a'), measures: [{name: total, agg: sum, expr: "{{ column('x') }}"}]}]
metrics: [{name: one, type: simple, filter: "{{ Dimension('a__x') }} = 1"}]`,
  });
  expect(summary).toMatchObject({ error: null, exitCode: 0 });
});
