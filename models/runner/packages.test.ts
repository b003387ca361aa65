import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadProject } from "./load-project.ts";
import { runModels, type RunOptions, type RunSummary } from "./run-models.ts";
import { queryFile, writeProject } from "./testing.ts";
import type { Project } from "./resources.ts";

const target = { name: "t", catalog: "shop", schema: "main", threads: 1 };
const load = async (files: Record<string, string>): Promise<Project> =>
  loadProject({ projectDir: await writeProject(files), target, vars: {} });

async function build(files: Record<string, string>, options: Partial<RunOptions> = {}): Promise<{ summary: RunSummary; database: string }> {
  const projectDir = await writeProject(files);
  const database = join(projectDir, "shop.duckdb");
  return { summary: await runModels({ command: "build", projectDir, database, ...options }), database };
}

/** A package with a macro of two dialects, a model with a variable, a seed and a test. */
const tools = {
  "dbt_packages/tools/dbt_project.yml": "name: tools\nvars: {tools: {size: 1}, general: package}\nmodels: {tools: {+materialized: table}}",
  "dbt_packages/tools/macros/words.sql": `
{% macro word() %}{{ return(adapter.dispatch('word', 'tools')()) }}{% endmacro %}
{% macro default__word() %}default{% endmacro %}
{% macro duckdb__word() %}duck{% endmacro %}
{% macro private_word() %}{{ tools.word() }}!{% endmacro %}
{% test positive(model, column_name) %}select * from {{ model }} where {{ column_name }} <= 0{% endtest %}`,
  "dbt_packages/tools/models/sizes.sql":
    "select {{ var('size') }} as size, '{{ var('general') }}' as general, '{{ private_word() }}' as word",
  "dbt_packages/tools/models/sizes.yml": "models: [{name: sizes, columns: [{name: size, data_tests: [positive]}]}]",
  "dbt_packages/tools/seeds/colours.csv": "colour\nred\n",
};

describe("packages", () => {
  it("builds their models, seeds and tests, with their own variables and configuration", async () => {
    const { summary, database } = await build({
      ...tools,
      "models/all_sizes.sql": "select *, '{{ tools.word() }}' as mine from {{ ref('tools', 'sizes') }} cross join {{ ref('colours') }}",
    });
    expect(summary.error).toBeNull();
    expect(summary.exitCode).toBe(0);
    expect(summary.results.map((result) => result.uniqueId).sort()).toMatchObject([
      "model.shop.all_sizes",
      "model.tools.sizes",
      "seed.tools.colours",
      expect.stringMatching(/^test\.tools\.positive_sizes_size\./),
    ]);
    expect(await queryFile(database, "select * from all_sizes")).toEqual([
      { size: 1, general: "package", word: "duck!", colour: "red", mine: "duck" },
    ]);
  });

  it("lets the project set a package's variables and configuration, and put its own macros first", async () => {
    const { summary, database } = await build({
      ...tools,
      "dbt_project.yml": `
name: shop
vars: {general: project, tools: {size: 7}}
models: {tools: {+schema: tools, sizes: {+alias: shared_sizes}}}
seeds: {tools: {+enabled: false}}
dispatch: [{macro_namespace: tools, search_order: [shop, tools]}]`,
      "macros/words.sql": "{% macro default__word() %}ours{% endmacro %}",
    });
    expect(summary.error).toBeNull();
    expect(await queryFile(database, "select * from main_tools.shared_sizes")).toEqual([{ size: 7, general: "project", word: "ours!" }]);
    expect(summary.results.some((result) => result.resourceType === "seed")).toBe(false);
  });

  it("dispatches dbt's own macros to the project's", async () => {
    const files = {
      "macros/own.sql":
        "{% macro default__concat(fields) %}concat_ws('-', {{ fields | join(', ') }}){% endmacro %}\n{% macro ref(name) %}{{ return(builtins.ref('a_' ~ name)) }}{% endmacro %}",
      "models/a_b.sql": "select {{ dbt.concat([\"'x'\", \"'y'\"]) }} as joined, {{ dbt.length(\"'abc'\") }} as n",
      "models/c.sql": "select * from {{ ref('b') }}",
    };
    expect(await queryFile((await build(files)).database, "select joined, n::int as n from c")).toEqual([{ joined: "x-y", n: 3 }]);
  });

  it.each([
    ["{{ tols.word() }}", /'word' is undefined.*There is no package "tols" either: lay it into dbt_packages\/ \(known are tools, shop\)/],
    ["{{ word() }}", /'word' is undefined.*Did you mean "tools\.word"\?/],
    ["{{ tools.wrod() }}", /'wrod' is undefined.*Did you mean "word"/],
    ["select * from {{ ref('toolz', 'sizes') }}", /ref\('toolz', 'sizes'\), which does not exist\. Did you mean ref\('tools', 'sizes'\)\?/],
  ])("says what would be right for %s", async (text, message) => {
    await expect(load({ ...tools, "models/a.sql": text })).rejects.toThrow(message);
  });
});

describe("cross-database macros", () => {
  const cases: [call: string, value: unknown][] = [
    ["dbt.date_trunc('month', \"date '2024-05-17'\")", "2024-05-01 00:00:00"],
    ["dbt.dateadd('day', -2, \"'2024-03-01'\")", "2024-02-28 00:00:00"],
    ["dbt.datediff(\"date '2023-12-31'\", \"date '2024-01-01'\", 'year')", "1"],
    ["dbt.last_day(\"date '2024-02-10'\", 'month')", "2024-02-29"],
    ["dbt.last_day(\"date '2024-02-10'\", 'quarter')", "2024-03-31"],
    ["dbt.split_part(\"'a-b-c'\", \"'-'\", 2)", "b"],
    ["dbt.split_part(\"'a-b-c'\", \"'-'\", -1)", "c"],
    ["dbt.safe_cast(\"'x'\", dbt.type_int())", null],
    ["dbt.hash(\"'a'\")", "0cc175b9c0f1b6a831c399e269772661"],
    ["dbt.position(\"'b'\", \"'abc'\")", "2"],
    ["dbt.replace(\"'abc'\", \"'b'\", \"'-'\")", "a-c"],
    ["dbt.right(\"'abc'\", 2)", "bc"],
    ['dbt.string_literal(dbt.escape_single_quotes("it\'s"))', "it's"],
    ["dbt.cast_bool_to_text('true')", "true"],
    ["dbt.array_append(dbt.array_construct([1, 2]), 3)", "[1, 2, 3]"],
    ["dbt.array_concat(dbt.array_construct([1]), dbt.array_construct([2]))", "[1, 2]"],
  ];
  it("give the values dbt documents", async () => {
    const columns = cases.map(([call], index) => `{{ ${call} }}::varchar as c${index}`);
    const { summary, database } = await build({ "models/a.sql": `select ${columns.join(", ")}` });
    expect(summary.error).toBeNull();
    expect(summary.results[0]?.message).toBe("OK");
    expect(Object.values((await queryFile(database, "select * from a"))[0] ?? {})).toEqual(cases.map(([, value]) => value));
  });

  it("aggregate and combine", async () => {
    const files = {
      "models/rows.sql": "select unnest(['b', 'a', 'c']) as letter, unnest([true, false, false]) as yes",
      "models/sums.sql":
        "select {{ dbt.listagg('letter', \"'+'\", 'order by letter') }} as all_letters, {{ dbt.listagg('letter', \"'+'\", 'order by letter', 2) }} as two, {{ dbt.bool_or('yes') }} as any_yes from {{ ref('rows') }}",
      "models/less.sql": "select letter from {{ ref('rows') }} {{ dbt.except() }} select 'a'",
      "models/days.sql": "{{ dbt.date_spine('day', \"'2024-02-27'\", \"'2024-03-01'\") }}",
    };
    const { database } = await build(files);
    expect(
      await queryFile(database, "select *, (select count(*)::int from less) as less, (select count(*)::int from days) as days from sums"),
    ).toEqual([{ all_letters: "a+b+c", two: "a+b", any_yes: true, less: 2, days: 3 }]);
  });
});

describe("what YAML says", () => {
  const versioned = {
    "models/orders_v1.sql": "select 1 as id, 'old' as kind",
    "models/orders_second.sql": "select 2 as id",
    "models/orders.yml": `
models:
  - name: orders
    latest_version: 2
    description: "{{ doc('orders') }}"
    columns: [{name: id, data_tests: [unique]}, {name: kind}]
    versions:
      - v: 1
      - v: 2
        defined_in: orders_second
        columns: [{include: all, exclude: [kind]}]`,
    "models/readme.md": "{% docs orders %}\nOne row per *order*.\n{% enddocs %}",
  };

  it("gives versions of a model relations of their own; a ref without one means the latest", async () => {
    const files = {
      ...versioned,
      "models/use.sql": "select (select id from {{ ref('orders') }}) as latest, (select id from {{ ref('orders', v=1) }}) as first",
    };
    const { summary, database } = await build(files);
    expect(summary.error).toBeNull();
    expect(await queryFile(database, "select latest, first from use")).toEqual([{ latest: 2, first: 1 }]);
    expect(
      await queryFile(database, "select table_name from information_schema.tables where table_name like 'orders%' order by 1"),
    ).toEqual([{ table_name: "orders_v1" }, { table_name: "orders_v2" }]);
    const project = await load(versioned);
    expect(project.nodes.get("model.shop.orders.v2")).toMatchObject({ description: "One row per *order*.", columns: [{ name: "id" }] });
    expect(project.nodes.get("model.shop.orders.v1")?.columns.map((column) => column.name)).toEqual(["id", "kind"]);
    await expect(load({ ...versioned, "models/use.sql": "select * from {{ ref('orders', v=3) }}" })).rejects.toThrow(
      "Its versions are 1, 2",
    );
  });

  it("keeps exposures and groups, and guards private models", async () => {
    const files = {
      "models/a.sql": "select 1 as id",
      "models/b.sql": "select * from {{ ref('a') }}",
      "models/all.yml": `
groups: [{name: finance, owner: {name: Wei}}]
models: [{name: a, access: private, group: finance}, {name: b, config: {group: finance}}]
exposures: [{name: board, type: dashboard, owner: {email: a@b.c}, depends_on: ["ref('b')"]}]`,
    };
    const project = await load(files);
    expect(project.exposures.get("exposure.shop.board")).toMatchObject({ type: "dashboard", dependsOn: ["model.shop.b"] });
    expect(project.groups.get("group.shop.finance")).toMatchObject({ owner: { name: "Wei" } });
    await expect(load({ ...files, "models/c.sql": "select * from {{ ref('a') }}" })).rejects.toThrow(
      /models\/c\.sql: c \(in no group\) refers to ref\('a'\), which is private to the group "finance"\. .* in models\/all\.yml/,
    );
    const sales = "models: [{name: c, group: sales}]\ngroups: [{name: sales, owner: {name: Li}}]";
    await expect(load({ ...files, "models/c.sql": "select * from {{ ref('a') }}", "models/c.yml": sales })).rejects.toThrow(
      /c \(group "sales"\) refers to ref\('a'\), which is private to the group "finance"/,
    );
    await expect(load({ "models/a.sql": "select 1", "models/a.yml": "models: [{name: a, access: open}]" })).rejects.toThrow(
      'models/a.yml: the access of a must be one of private, protected, public, found "open"',
    );
    await expect(
      load({ ...files, "models/c.yml": "models: [{name: c, config: {group: sales}}]", "models/c.sql": "select 1" }),
    ).rejects.toThrow('c is in the group "sales", which no YAML file declares; declared are finance');
  });

  it("lets a package keep all but its public models to itself", async () => {
    const project = (access: string): Record<string, string> => ({
      ...tools,
      "dbt_packages/tools/dbt_project.yml": `name: tools\nrestrict-access: true\nvars: {size: 1, general: x}\nmodels: {tools: {+access: ${access}}}`,
      "models/a.sql": "select * from {{ ref('tools', 'sizes') }}",
    });
    expect((await load(project("public"))).nodes.has("model.shop.a")).toBe(true);
    await expect(load(project("protected"))).rejects.toThrow(
      /models\/a\.sql: a refers to ref\('tools', 'sizes'\), which is protected, and the package "tools" restricts access/,
    );
  });

  it("reads booleans and anchors as dbt's parser does, and warns of what describes nothing", async () => {
    const project = await load({
      "models/a.sql": "select 1 as y",
      "models/b.sql": "select 1 as y",
      "models/a.yml": `
models:
  - name: a
    config: &shared {enabled: yes, meta: {y: on, day: 2026-01-02}}
  - name: b
    config: {<<: *shared, enabled: no}
  - name: bb`,
    });
    expect(project.nodes.get("model.shop.a")?.config.meta).toEqual({ y: true, day: "2026-01-02" });
    expect([...project.disabled.keys()]).toEqual(["model.shop.b"]);
    expect(project.warnings).toEqual(['models/a.yml: describes the model "bb", which does not exist. Did you mean "b" or "a"?']);
  });

  it("refuses two nodes that would be built into one relation", async () => {
    await expect(load({ "models/a.sql": "select 1", "models/b.sql": "{{ config(alias='A') }} select 1" })).rejects.toThrow(
      'models/a.sql and models/b.sql would both be built as "main"."A"',
    );
  });
});
