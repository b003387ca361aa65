import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runModels, type RunOptions, type RunSummary } from "./run-models.ts";
import { queryFile, writeProject } from "./testing.ts";

async function project(files: Record<string, string>): Promise<{
  folder: string;
  run: (command: RunOptions["command"], more?: Partial<RunOptions>) => Promise<RunSummary>;
  write: (file: string, text: string) => Promise<void>;
  ask: (sql: string) => Promise<Record<string, unknown>[]>;
  artifact: (name: string) => Promise<Record<string, never>>;
  text: (name: string) => Promise<string>;
}> {
  const folder = await writeProject(files);
  const database = join(folder, "shop.duckdb");
  const text = (name: string): Promise<string> => readFile(join(folder, "target", name), "utf8");
  return {
    folder,
    run: (command, more = {}) => runModels({ command, projectDir: folder, database, threads: 1, ...more }),
    write: (file, text) => writeFile(join(folder, file), text),
    ask: (sql) => queryFile(database, sql),
    artifact: async (name) => JSON.parse(await text(name)),
    text,
  };
}

const outcome = (summary: RunSummary): Record<string, string> =>
  Object.fromEntries(summary.results.map((result) => [result.name, result.status]));

describe("store failures", () => {
  const files = {
    "models/a.sql": "select 1 as x union all select null union all select null",
    "models/a.yml": `
models:
  - name: a
    columns:
      - name: x
        data_tests:
          - not_null: {config: {store_failures: true}}
          - unique: {config: {store_failures: false}}
          - accepted_values: {values: [1], config: {store_failures_as: view, schema: audits}}`,
  };

  it("keeps the failing rows of tests that say so", async () => {
    const { run, ask } = await project(files);
    const summary = await run("build");
    const failed = summary.results.find(({ name }) => name === "not_null_a_x");
    expect(failed).toMatchObject({ status: "fail", failures: 2, relationName: '"shop"."main_dbt_test__audit"."not_null_a_x"' });
    expect(failed?.message).toContain("see the rows: select * from");
    const kept =
      "select schema_name, table_name, type from (select schema_name, table_name, 'table' as type from duckdb_tables() union all select schema_name, view_name, 'view' from duckdb_views() where not internal) where schema_name <> 'main' order by 1";
    const stored = [
      { schema_name: "main_audits", table_name: "accepted_values_a_x__1", type: "view" },
      { schema_name: "main_dbt_test__audit", table_name: "not_null_a_x", type: "table" },
    ];
    expect(await ask(kept)).toEqual(stored);
    expect(await ask("select count(*)::int as n from main_dbt_test__audit.not_null_a_x")).toEqual([{ n: 2 }]);
    // The flag is for tests that say nothing: unique says no.
    await run("test", { storeFailures: true });
    expect(await ask(kept)).toEqual(stored);
  });
});

describe("retry", () => {
  it("repeats the command for what failed or was skipped, with its variables", async () => {
    const { run, write, ask } = await project({
      "models/a.sql": "select 1 as x",
      "models/b.sql": "select nothing from {{ ref('a') }}",
      "models/c.sql": "select * from {{ ref('b') }}",
    });
    expect(outcome(await run("run", { vars: { limit: 7 } }))).toEqual({ a: "success", b: "error", c: "skipped" });
    await write("models/b.sql", "select {{ var('limit') }} as x from {{ ref('a') }}");
    const again = await run("retry");
    expect(outcome(again)).toEqual({ b: "success", c: "success" });
    expect(await ask("select x from c")).toEqual([{ x: 7 }]);
    expect(await run("retry")).toMatchObject({ results: [], exitCode: 0 });
  });

  it("builds where the earlier run built, with what it had attached", async () => {
    const { folder, run, ask, write } = await project({
      "models/a.sql": "select nothing from crm.main.orders where '{{ target.name }}' = 'night'",
    });
    const crm = join(await writeProject({}), "crm.duckdb");
    await queryFile(crm, "create table orders as select 5 as x");
    const called = { attach: [{ name: "crm", file: crm }], targetName: "night" };
    expect(outcome(await run("run", called))).toEqual({ a: "error" });
    await write("models/a.sql", "{{ config(materialized='table') }} select x from crm.main.orders where '{{ target.name }}' = 'night'");
    expect(outcome(await runModels({ command: "retry", projectDir: folder, threads: 1 }))).toEqual({ a: "success" });
    expect(await ask("select x from a")).toEqual([{ x: 5 }]);
  });

  it("says when there is nothing to repeat", async () => {
    const { run } = await project({ "models/a.sql": "select 1 as x" });
    expect(await run("retry")).toMatchObject({ exitCode: 2, error: expect.stringMatching(/run_results\.json, which isn't there/) });
  });
});

describe("source freshness", () => {
  const hours = (ago: number): string => `now() - interval ${ago} hour`;
  const yaml = `
sources:
  - name: crm
    schema: main
    loaded_at_field: loaded_at
    freshness: {warn_after: {count: 2, period: hour}, error_after: {count: 1, period: day}}
    tables:
      - {name: orders}
      - {name: late_orders, identifier: late, freshness: {error_after: {count: 2, period: day}}}
      - {name: filtered, identifier: orders, freshness: {error_after: {count: 1, period: hour}, filter: "kind = 'old'"}}
      - {name: empty}
      - {name: missing}
      - {name: unwatched, identifier: orders, freshness: null}`;

  it("passes, warns and fails by the age of the newest row", async () => {
    const { run, artifact } = await project({
      "models/sources.yml": yaml,
      "models/orders.sql": `{{ config(materialized='table') }} select ${hours(1)} as loaded_at, 'new' as kind union all select ${hours(30)}, 'old'`,
      "models/late.sql": `{{ config(materialized='table') }} select ${hours(3)} as loaded_at`,
      "models/empty.sql": "{{ config(materialized='table') }} select now() as loaded_at where false",
    });
    await run("run");
    const lines: string[] = [];
    const summary = await run("source freshness", { log: (line) => lines.push(line) });
    expect(summary.exitCode).toBe(1);
    expect(Object.fromEntries(summary.freshness.map(({ name, status }) => [name, status]))).toEqual({
      "crm.orders": "pass",
      "crm.late_orders": "warn",
      "crm.filtered": "error",
      "crm.empty": "error",
      "crm.missing": "runtime error",
    });
    expect(lines[1]).toBe("2 WARN freshness of crm.late_orders [newest row 3 h 0 min ago]");
    expect((await run("source freshness", { select: ["source:crm.late_orders"] })).exitCode).toBe(0);
    expect((await artifact("sources.json")).results).toMatchObject([
      {
        unique_id: "source.shop.crm.late_orders",
        status: "warn",
        criteria: { warn_after: { count: 2, period: "hour" }, error_after: { count: 2, period: "day" } },
      },
    ]);
  });
});

describe("docs generate", () => {
  it("writes the catalog, and a page that holds everything it shows", async () => {
    const { run, artifact, text } = await project({
      "models/a.sql": "select 1 as x, '</script>' as y",
      "models/b.sql": "{{ config(materialized='table') }} select x from {{ ref('a') }}",
      "models/b.yml":
        "models: [{name: b, description: '第一个 $& </script>', columns: [{name: x, description: Number., data_tests: [unique]}]}]",
    });
    await run("build");
    const summary = await run("docs generate");
    expect(summary).toMatchObject({ error: null, exitCode: 0 });
    expect((await artifact("catalog.json")).nodes).toMatchObject({
      "model.shop.b": { metadata: { type: "BASE TABLE", schema: "main", name: "b" }, columns: { x: { type: "INTEGER", index: 1 } } },
    });
    const page = await text("index.html");
    const data = JSON.parse(/id="catalogue">([^<]*)</.exec(page)?.[1] ?? "");
    expect(data.nodes.find((node: { name: string }) => node.name === "b")).toMatchObject({
      description: "第一个 $& </script>",
      parents: ["model.shop.a"],
      rows: 1,
      columns: [{ name: "x", type: "INTEGER", description: "Number.", tests: ["unique"] }],
      compiled: expect.stringContaining('"main"."a"'),
    });
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  });
});

describe("cancel", () => {
  it("interrupts what runs and reports what was not run", async () => {
    const { run } = await project({
      "models/slow.sql":
        "{{ config(materialized='table', pre_hook=\"{{ log('begun', true) }}\") }} select sum(a.range * b.range) as n from range(10000000) a, range(10000000) b",
      "models/after.sql": "select * from {{ ref('slow') }}",
      "models/z_other.sql": "select 1 as one",
    });
    const cancelled = new AbortController();
    // The statement would run for hours.
    const log = (line: string): void => (line === "begun" ? cancelled.abort() : undefined);
    const summary = await run("run", { signal: cancelled.signal, log });
    expect(outcome(summary)).toEqual({ slow: "error", after: "skipped", z_other: "skipped" });
    expect(summary.results.find(({ name }) => name === "slow")?.message).toBe("Cancelled while it ran");
    expect(summary.exitCode).toBe(1);
  });
});
