import { describe, expect, it } from "vitest";
import { loadProject } from "./load-project.ts";
import { runModels } from "./run-models.ts";
import { writeProject } from "./testing.ts";

const target = { name: "t", catalog: "shop", schema: "main", threads: 1 };

/** What loading the project says is wrong with it. */
async function complaint(files: Record<string, string>): Promise<string> {
  const projectDir = await writeProject({ "models/orders.sql": "select 1 as order_id", ...files });
  return loadProject({ projectDir, target, vars: {} }).then(
    () => "nothing",
    (error: Error) => error.message,
  );
}

const yaml = (text: string): Record<string, string> => ({ "models/orders.yml": text });

describe("a mistake in YAML is told with its file, line, way and the source around", () => {
  it("shows it", async () => {
    const text =
      "models:\n  - name: orders\n    columns:\n      - name: order_id\n        data_tests:\n          - not_null\n          - unqiue\n";
    expect(await complaint(yaml(text))).toBe(
      `models/orders.yml:7: models: orders: columns: order_id: data_tests: unqiue: there is no test "unqiue" (used on orders). Did you mean "unique"?
    5 |         data_tests:
    6 |           - not_null
  > 7 |           - unqiue
    8 | `,
    );
  });

  it.each([
    ["models:\n  - name: orders\n    columns: [", /^models\/orders\.yml:\d: .*\n.*\n[\s\S]*> 3 \|     columns: \[/],
    [
      "models:\n  - name: orders\n    columns:\n      order_id: {}",
      /^models\/orders\.yml:3: models: orders: columns: expected a list, found \{"order_id":\{\}\}\n/,
    ],
    [
      "models:\n  - {name: one}\n  - description: no name here",
      /^models\/orders\.yml:1: models: an entry has no "name": \{"description":"no name here"\}/,
    ],
    [
      "models:\n  - name: orders\n    config:\n      - table",
      /^models\/orders\.yml:3: models: orders: config: expected a mapping, found \["table"\]/,
    ],
    [
      "models:\n  - name: orders\n    columns:\n      - name: order_id\n        tags: {a: b}",
      /^models\/orders\.yml:5: models: orders: columns: order_id: tags: expected a list/,
    ],
    [
      "models:\n  - name: orders\n    columns:\n      - name: order_id\n        data_tests:\n          - tools.unique",
      /^models\/orders\.yml:6: .*there is no test "tools\.unique" \(used on orders\): no package "tools" lies in dbt_packages\//,
    ],
    [
      "models:\n  - name: orders\n  - name: orders",
      /^models\/orders\.yml:2: models: orders: "orders" is described twice; before in models\/orders\.yml/,
    ],
    [
      "models:\n  - name: orders\n    versions:\n      - v: 1\n      - v: 2",
      /^models\/orders\.yml:4: .*version 1 of "orders" has no file orders_v1\.sql/,
    ],
    [
      "sources:\n  - name: crm\n    tables:\n      - name: a\n      - name: a",
      /^models\/orders\.yml:4: sources: crm: tables: a: source crm\.a is declared twice/,
    ],
    [
      "unit_tests:\n  - name: u\n    model: ordrs\n    expect: {rows: []}",
      /^models\/orders\.yml:3: .*unit test u is about the model "ordrs", which does not exist\. Did you mean "orders"\?/,
    ],
    [
      "unit_tests:\n  - name: u\n    model: orders\n    expect:\n      format: xml\n      rows: []",
      /^models\/orders\.yml:5: .*format must be dict, csv or sql, found "xml"/,
    ],
    [
      "exposures:\n  - name: e\n    type: dashboard\n    depends_on:\n      - orders",
      /^models\/orders\.yml:5: .*"orders" is neither ref\('…'\), source\('…', '…'\) nor this/,
    ],
    [
      "exposures:\n  - name: e\n    depends_on:\n      - ref('orderz')",
      /^models\/orders\.yml:4: e refers to ref\('orderz'\), which does not exist\. Did you mean "orders"\?\n/,
    ],
    [
      "models:\n  - name: orders\n    columns:\n      - name: order_id\n        data_tests:\n          - relationships:\n              to: ref('custmers')\n              field: id",
      /^models\/orders\.yml:7: relationships_.* refers to ref\('custmers'\), which does not exist/,
    ],
  ])("%j", async (text, message) => {
    expect(await complaint(yaml(text))).toMatch(message);
  });

  it.each([
    ["name: shop\nvars: [a]", /^dbt_project\.yml:2: vars: expected a mapping, found \["a"\]/],
    ["name: shop\n\nmodel-paths: {a: b}", /^dbt_project\.yml:3: model-paths: expected a list/],
    ["name: my-shop", /^dbt_project\.yml:1: name: "name" must be letters, digits and underscores, found "my-shop"/],
    [
      "name: shop\ndispatch:\n  - macro_namespace: tools\n    search_order: 5",
      /^dbt_project\.yml:4: dispatch: search_order: expected a list, found 5/,
    ],
  ])("of the project: %j", async (text, message) => {
    expect(await complaint({ "dbt_project.yml": text })).toMatch(message);
  });

  it("of selectors", async () => {
    expect(await complaint({ "selectors.yml": "selectors:\n  - definition: a" })).toMatch(
      /^selectors\.yml:1: selectors: a selector has no "name"/,
    );
  });
});

describe("a mistake in SQL", () => {
  it.each([
    [
      "select 1\nfrom {{ ref('ordrs') }}",
      /^models\/m\.sql:2: m refers to ref\('ordrs'\), which does not exist\. Did you mean "orders"\?\n[\s\S]*> 2 \| from/,
    ],
    [
      "select 1\n\nfrom {{ source('crm', 'orders') }}",
      /^models\/m\.sql:3: m refers to source\('crm', 'orders'\), which no YAML file declares/,
    ],
    ["select *\nfrom {{ ref('or' ~ 'drs') }}", /^models\/m\.sql: m refers to ref\('ordrs'\), which does not exist/],
    ["select 1\n{{ coalesc(1) }}", /'coalesc' is undefined.*\n {2}at models\/m\.sql:2\n[\s\S]*> 2 \|/],
    ["select 1 {% if x %}", /endif[\s\S]*at models\/m\.sql:1/],
  ])("%j", async (text, message) => {
    expect(await complaint({ "models/m.sql": text })).toMatch(message);
  });

  it("writes out a ring", async () => {
    const ring = {
      "models/a.sql": "select * from {{ ref('c') }}",
      "models/b.sql": "select * from {{ ref('a') }}",
      "models/c.sql": "select * from {{ ref('b') }}",
    };
    expect(await complaint(ring)).toMatch(/depend on each other in a ring: a -> c -> b -> a$/);
  });

  it("names the columns that there are, and the model's file", async () => {
    const projectDir = await writeProject({
      "models/orders.sql": "select 1 as order_id",
      "models/m.sql": "select ordr_id from {{ ref('orders') }}",
    });
    const { results } = await runModels({ command: "build", projectDir, database: `${projectDir}/shop.duckdb`, targetPath: null });
    expect(results.find(({ name }) => name === "m")?.message).toMatch(/"ordr_id" not found[\s\S]*"order_id"[\s\S]*in models\/m\.sql/);
  });
});
