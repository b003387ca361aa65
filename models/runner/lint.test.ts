import { describe, expect, it } from "vitest";
import { lintProject } from "./lint.ts";
import { writeProject } from "./testing.ts";

const yaml = (name: string, more = ""): string => `
models:
  - name: ${name}
    description: One row per order.
    config: {meta: {scope: none${more}}}
    columns:
      - {name: id, data_tests: [unique, not_null]}`;

const good = {
  "models/staging/crm/sources.yml": "sources: [{name: crm, schema: raw, tables: [{name: orders}, {name: stage_events}]}]",
  "models/staging/crm/stg_crm__orders.sql":
    "-- NOW() in a comment\nselect id, 'SELECT' as text from {{ source('crm', 'orders') }} where deleted_at is null",
  "models/staging/crm/stg_crm__orders.yml": yaml("stg_crm__orders"),
  "models/staging/crm/stg_crm__stage_events.sql": "select id from {{ source('crm', 'stage_events') }}",
  "models/staging/crm/stg_crm__stage_events.yml": yaml("stg_crm__stage_events"),
  "models/marts/fct_orders.sql":
    "select orders.id from {{ ref('stg_crm__orders') }} as orders left join {{ ref('stg_crm__stage_events') }} as events using (id)",
  "models/marts/fct_orders.yml": yaml("fct_orders"),
};

const rules = async (change: Record<string, string>): Promise<string[]> =>
  (await lintProject(await writeProject({ ...good, ...change }))).map(({ file, rule }) => `${file.split("/").at(-1)} ${rule}`);

describe("lint of the SQL layers", () => {
  it("finds nothing in a project that keeps the rules", async () => {
    expect(await rules({})).toEqual([]);
  });

  const cases: [string, Record<string, string>, string][] = [
    [
      "a mart that reads a source",
      { "models/marts/fct_orders.sql": "select id from {{ source('crm', 'orders') }}" },
      "fct_orders.sql layers",
    ],
    [
      "a report that reads staging",
      {
        "models/reports/rpt_orders.sql": "select id from {{ ref('stg_crm__orders') }}",
        "models/reports/rpt_orders.yml": yaml("rpt_orders"),
      },
      "rpt_orders.sql layers",
    ],
    [
      "soft-deleted rows kept",
      { "models/staging/crm/stg_crm__orders.sql": "select id from {{ source('crm', 'orders') }}" },
      "stg_crm__orders.sql deleted",
    ],
    ["the clock", { "models/marts/fct_orders.sql": "select id, now() as at from {{ ref('stg_crm__orders') }}" }, "fct_orders.sql clock"],
    [
      "the clock without parentheses",
      { "models/marts/fct_orders.sql": "select id, current_date as at from {{ ref('stg_crm__orders') }}" },
      "fct_orders.sql clock",
    ],
    ["capitals", { "models/marts/fct_orders.sql": "SELECT id from {{ ref('stg_crm__orders') }}" }, "fct_orders.sql keywords"],
    ["an alias without as", { "models/marts/fct_orders.sql": "select o.id from {{ ref('stg_crm__orders') }} o" }, "fct_orders.sql alias"],
    ["no scope", { "models/marts/fct_orders.yml": yaml("fct_orders").replace("scope: none", "other: 1") }, "fct_orders.sql scope"],
    [
      "a scope of no entities",
      { "models/marts/fct_orders.yml": yaml("fct_orders").replace("scope: none", "scope: {entity: []}") },
      "fct_orders.sql scope",
    ],
    [
      "an empty description",
      { "models/marts/fct_orders.yml": yaml("fct_orders").replace("One row per order.", "Orders.") },
      "fct_orders.sql description",
    ],
    ["no key test", { "models/marts/fct_orders.yml": yaml("fct_orders").replace("unique, ", "") }, "fct_orders.sql key"],
    [
      "a name without a layer",
      { "models/marts/orders.sql": "select 1 as id", "models/marts/orders.yml": yaml("orders") },
      "orders.sql name",
    ],
    ["a model without YAML", { "models/marts/dim_days.sql": "select 1 as id" }, "dim_days.sql yaml"],
  ];
  it.each(cases)("finds %s", async (_name, change, expected) => {
    expect(await rules(change)).toContain(expected);
  });

  it("allows deleted rows where the model says so", async () => {
    const keeps = {
      "models/staging/crm/stg_crm__orders.sql": "select id from {{ source('crm', 'orders') }}",
      "models/staging/crm/stg_crm__orders.yml": yaml("stg_crm__orders", ", keeps_deleted: true"),
    };
    expect(await rules(keeps)).toEqual([]);
  });
});
