import { join } from "node:path";
import { expect, it } from "vitest";
import { runModels, type RunSummary } from "./run-models.ts";
import { queryFile, writeProject } from "./testing.ts";

async function build(
  files: Record<string, string>,
): Promise<{ summary: RunSummary; ask: (sql: string) => Promise<Record<string, unknown>[]> }> {
  const folder = await writeProject(files);
  const database = join(folder, "shop.duckdb");
  const summary = await runModels({ command: "build", projectDir: folder, database, targetPath: null });
  return { summary, ask: (sql) => queryFile(database, sql) };
}

const contract = (columns: string, materialized = "table"): string => `
models:
  - name: orders
    config: {materialized: ${materialized}, contract: {enforced: true}}
    columns: [${columns}]`;

it("keeps the promised types, whatever they are called, and constraints", async () => {
  const { summary, ask } = await build({
    "models/orders.sql": "select 1::bigint as id, 2.5::decimal(18,2) as amount, 'a' as note",
    "models/orders.yml": `
models:
  - name: orders
    config: {materialized: table, contract: {enforced: true}}
    constraints: [{type: unique, columns: [id, note]}]
    columns:
      - {name: note, data_type: text}
      - {name: id, data_type: int8, constraints: [{type: not_null}, {type: check, expression: id > 0}]}
      - {name: amount, data_type: "numeric(18, 2)"}`,
  });
  expect(summary.results.map(({ message }) => message)).toEqual(["OK"]);
  expect(await ask("select * from orders")).toEqual([{ note: "a", id: "1", amount: "2.50" }]);
  expect(await ask("select constraint_type as type from duckdb_constraints() where table_name = 'orders' order by 1")).toEqual([
    { type: "CHECK" },
    { type: "NOT NULL" },
    { type: "UNIQUE" },
  ]);
});

it.each(["table", "view"])("refuses a %s whose query gives something else, and says what", async (materialized) => {
  const { summary, ask } = await build({
    "models/orders.sql": "select 1 as id, 'x' as extra",
    "models/orders.yml": contract("{name: id, data_type: bigint}, {name: missing, data_type: date}", materialized),
  });
  expect(summary.results[0]).toMatchObject({ status: "error" });
  expect(summary.results[0]?.message).toContain(`orders does not keep its contract (models/orders.yml):
  id: the contract says BIGINT, the query gives INTEGER
  missing: the contract says DATE, the query gives (absent)
  extra: the contract says (absent), the query gives VARCHAR`);
  expect(await ask("select count(*)::int as n from duckdb_columns() where table_name = 'orders'")).toEqual([{ n: 0 }]);
});

it("refuses rows that break a constraint, and keeps the table of before", async () => {
  const { summary, ask } = await build({
    "models/orders.sql": "select null::int as id",
    "models/orders.yml": contract("{name: id, data_type: int, constraints: [{type: not_null}]}"),
  });
  expect(summary.results[0]?.message).toContain("NOT NULL constraint failed");
  expect(await ask("select count(*)::int as n from duckdb_tables() where table_name = 'orders'")).toEqual([{ n: 0 }]);
});

it("asks for the types", async () => {
  const { summary } = await build({ "models/orders.sql": "select 1 as id", "models/orders.yml": contract("{name: id}") });
  expect(summary.results[0]?.message).toContain("every column needs a data_type: id");
});

it("runs a materialization of the project's own", async () => {
  const { summary, ask } = await build({
    "macros/twice.sql": `{% materialization twice, adapter='duckdb' %}
      {{ run_hooks(pre_hooks) }}
      {% call statement('main') %}create or replace table {{ this }} as select * from ({{ sql }}) union all select * from ({{ sql }}){% endcall %}
      {{ run_hooks(post_hooks) }}
      {{ return({'relations': [this]}) }}
    {% endmaterialization %}`,
    "models/orders.sql": "{{ config(materialized='twice', post_hook='insert into {{ this }} values (9)') }} select 1 as id",
    "models/after.sql": "select sum(id)::int as total from {{ ref('orders') }}",
  });
  expect(summary.results.map(({ name, status, message }) => [name, status, message])).toEqual([
    ["orders", "success", "OK"],
    ["after", "success", "OK"],
  ]);
  expect(await ask("select total from after")).toEqual([{ total: 11 }]);
});
