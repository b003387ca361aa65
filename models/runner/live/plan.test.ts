import { expect, it } from "vitest";
import { loadProject } from "../load-project.ts";
import { writeProject } from "../testing.ts";
import { hasHourlyModels, planBuild, type BuildReason, type Occasion } from "./plan.ts";

const occasion = (more: Partial<Occasion>): Occasion => ({
  changed: [],
  hourly: false,
  newDay: false,
  overdue: new Set(),
  fitted: false,
  ...more,
});

async function planner(): Promise<(reason: BuildReason) => Record<"cut" | "downstream" | "tests" | "always" | "whole", string[]>> {
  const projectDir = await writeProject({
    "models/sources.yml":
      "sources: [{name: crm, database: mirror, schema: raw, tables: [{name: orders}, {name: customers}, {name: settings, meta: {decides: true}}]}, {name: fits, schema: fits, tables: [{name: level, meta: {fit: level}}]}]",
    "macros/time.sql": "{% macro cut() %}'{{ var('as_of') }}'{% endmacro %}\n{% macro other() %}1{% endmacro %}",
    "models/stg_orders.sql": "select * from {{ source('crm', 'orders') }}",
    "models/stg_customers.sql": "select {{ other() }} as one from {{ source('crm', 'customers') }}",
    "models/fct_live.sql": "select * from {{ ref('stg_orders') }}",
    "models/fct_timed.sql": "select {{ cut() }} as at from {{ ref('stg_customers') }}",
    "models/fct_hourly.sql": "{{ config(meta={'refresh': 'hourly'}) }} select * from {{ ref('stg_orders') }}",
    "models/rpt_hourly.sql": "select * from {{ ref('fct_hourly') }}",
    "models/fct_nightly.sql": "{{ config(meta={'refresh': 'nightly'}) }} select * from {{ ref('stg_orders') }}",
    "models/stg_level.sql": "select * from {{ source('fits', 'level') }}",
    "models/fct_level.sql": "{{ config(meta={'refresh': 'nightly'}) }} select * from {{ ref('stg_level') }}, {{ ref('fct_nightly') }}",
    "models/rpt_level.sql": "select * from {{ ref('fct_level') }}",
    "models/rpt_both.sql": "select * from {{ ref('fct_nightly') }} union all select * from {{ ref('fct_live') }}",
    "models/stg_settings.sql": "select * from {{ source('crm', 'settings') }}",
    "models/fct_decided.sql": "{{ config(meta={'refresh': 'nightly'}) }} select * from {{ ref('stg_settings') }}, {{ ref('rpt_both') }}",
    "tests/both_add_up.sql": "select 1 from {{ ref('fct_live') }}, {{ ref('rpt_hourly') }} where false",
    "models/tests.yml":
      "models: [{name: rpt_hourly, columns: [{name: x, data_tests: [unique]}]}, {name: fct_live, columns: [{name: x, data_tests: [unique]}]}]",
  });
  const target = { name: "kehu", catalog: "warehouse", schema: "main", threads: 1 };
  const project = await loadProject({ projectDir, target, vars: { as_of: "2026-11-22T00:00:00Z" } });
  expect(hasHourlyModels(project)).toBe(true);
  const last = (ids: ReadonlySet<string>): string[] => [...ids].map((id) => id.split(".")[2] ?? "").sort();
  return (reason) => {
    const { cut, downstream, tests, always, whole } = planBuild(project, reason);
    const names = (nodes: readonly { name: string }[]): string[] => nodes.map(({ name }) => name).sort();
    return {
      cut: names(cut),
      downstream: names(downstream),
      tests: names(tests),
      always: last(always),
      whole: last(whole),
    };
  };
}

it("takes what is downstream of a change and live, and what reads the time", async () => {
  const plan = await planner();
  expect(plan(occasion({ changed: ["orders"] }))).toEqual({
    cut: ["stg_orders"],
    downstream: ["fct_live", "fct_timed", "rpt_both"],
    tests: ["unique_fct_live_x"],
    always: ["fct_timed", "stg_orders"],
    whole: ["fct_timed"],
  });
});

it("takes along hourly models at the full hour, changed or not", async () => {
  const plan = await planner();
  expect(plan(occasion({ hourly: true }))).toEqual({
    cut: [],
    downstream: ["fct_hourly", "fct_timed", "rpt_hourly"],
    tests: ["both_add_up", "unique_rpt_hourly_x"],
    always: ["both_add_up", "fct_hourly", "fct_timed"],
    whole: ["fct_hourly", "fct_timed"],
  });
});

it("takes what reads the results of fits when there are new ones, nightly models too, and nothing else", async () => {
  const plan = await planner();
  expect(plan(occasion({ fitted: true }))).toEqual({
    cut: ["stg_level"],
    downstream: ["fct_level", "fct_timed", "rpt_level"],
    tests: [],
    always: ["fct_timed", "stg_level"],
    whole: ["fct_level", "fct_timed"],
  });
});

it("takes what reads the company's decisions when one changes, nightly models too and the slow ones these are made of, and nothing else", async () => {
  const plan = await planner();
  expect(plan(occasion({ changed: ["settings"] }))).toEqual({
    cut: ["stg_settings"],
    downstream: ["fct_decided", "fct_nightly", "fct_timed", "rpt_both"],
    tests: [],
    always: ["fct_nightly", "fct_timed", "stg_settings"],
    whole: ["fct_decided", "fct_nightly", "fct_timed"],
  });
});

it("takes everything when all is asked for", async () => {
  const { cut, downstream, tests } = (await planner())("all");
  expect(cut).toEqual(["stg_customers", "stg_level", "stg_orders", "stg_settings"]);
  expect(downstream).toHaveLength(9);
  expect(tests).toHaveLength(3);
});

it("lets a test that compares relations of different ages wait until all of them are made", async () => {
  const plan = await planner();
  const compares = "both_add_up";
  expect(plan(occasion({ changed: ["orders"] })).tests).not.toContain(compares);
  const atTheHour = plan(occasion({ hourly: true }));
  expect(atTheHour.tests).toContain(compares);
  expect(atTheHour.always).toContain(compares);
});

it("says what meta.refresh may be", async () => {
  const projectDir = await writeProject({ "models/a.sql": "{{ config(meta={'refresh': 'hourley'}) }} select 1" });
  const target = { name: "kehu", catalog: "warehouse", schema: "main", threads: 1 };
  const project = await loadProject({ projectDir, target, vars: {} });
  expect(() => hasHourlyModels(project)).toThrow('meta.refresh must be live, hourly or nightly, found "hourley". Did you mean "hourly"?');
});
