import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { runModels, type RunOptions, type RunSummary } from "./run-models.ts";
import { queryFile, writeProject } from "./testing.ts";

async function project(files: Record<string, string>): Promise<{
  folder: string;
  database: string;
  run: (command: RunOptions["command"], more?: Partial<RunOptions>) => Promise<RunSummary>;
  write: (file: string, text: string) => Promise<void>;
}> {
  const folder = await writeProject(files);
  const database = join(folder, "shop.duckdb");
  return {
    folder,
    database,
    run: (command, more = {}) => runModels({ command, projectDir: folder, database, threads: 1, ...more }),
    write: async (file, text) => {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    },
  };
}

const names = ({ nodes, error }: RunSummary): string => error ?? nodes.map(({ name }) => name).join(" ");

const shop = {
  "seeds/colours.csv": "colour\nred\n",
  "models/a.sql": "select 1 as x",
  "models/b.sql": "select x from {{ ref('a') }}",
  "models/c.sql": "select x from {{ ref('b') }}",
  "models/models.yml": `
models:
  - name: a
    columns: [{name: x, data_tests: [not_null]}]
  - name: b
    columns: [{name: x, data_tests: [{relationships: {name: b_in_a, to: ref('a'), field: x}}]}]
  - name: c
    columns: [{name: x, data_tests: [{relationships: {name: c_in_b, to: ref('b'), field: x}}]}]`,
  "selectors.yml": "selectors: [{name: careful, definition: {method: fqn, value: b, indirect_selection: empty}}]",
};

describe("--indirect-selection", () => {
  it.each([
    ["eager", ["b"], "b b_in_a c_in_b"],
    ["cautious", ["b"], "b"],
    ["cautious", ["a", "b"], "a b b_in_a not_null_a_x"],
    ["buildable", ["b"], "b b_in_a"],
    ["empty", ["a", "b"], "a b"],
    ["empty", ["a", "test_name:not_null"], "a not_null_a_x"],
  ] as const)("%s with %j", async (indirectSelection, select, expected) => {
    const { run } = await project(shop);
    const listed = names(await run("ls", { indirectSelection, select: [...select] }));
    expect(listed.split(" ").sort().join(" ")).toBe(expected);
  });

  it("may be said by a selector of its own", async () => {
    const { run } = await project(shop);
    expect(names(await run("ls", { select: ["selector:careful"] }))).toBe("b");
  });
});

describe("--resource-type", () => {
  it("keeps or leaves out types of nodes", async () => {
    const { run } = await project(shop);
    expect(names(await run("build", { resourceTypes: ["seed", "model"] }))).toBe("a b c colours");
    expect(names(await run("ls", { excludeResourceTypes: ["model", "test"] }))).toBe("colours");
    expect(names(await run("ls", { resourceTypes: ["modle"] }))).toMatch(/no resource type "modle".*Did you mean "model"/);
  });
});

describe("state: and result:", () => {
  it("name what has changed since an earlier run, and how it ended", async () => {
    const { run, write, folder } = await project({
      ...shop,
      "macros/m.sql": "{% macro one() %}1{% endmacro %}",
      "models/d.sql": "select {{ one() }} as x",
    });
    await run("build");
    const state = join(folder, "earlier");
    await mkdir(state);
    for (const file of ["manifest.json", "run_results.json"])
      await writeFile(join(state, file), await readFile(join(folder, "target", file)));
    expect(names(await run("ls", { state, select: ["state:modified"] }))).toBe("");
    await write("models/b.sql", "select x + 0 as x from {{ ref('a') }}");
    await write("models/e.sql", "select 1 as y");
    await write("macros/m.sql", "{% macro one() %}2{% endmacro %}");
    await write("dbt_project.yml", "name: shop\nmodels: {shop: {c: {+tags: [new]}}}\n");
    const listed = async (word: string): Promise<string> => names(await run("ls", { state, select: [word], resourceTypes: ["model"] }));
    expect(await listed("state:modified")).toBe("b c d e");
    expect(await listed("state:modified.body")).toBe("b e");
    expect(await listed("state:modified.configs")).toBe("c e");
    expect(await listed("state:modified.macros")).toBe("d e");
    expect(await listed("state:new")).toBe("e");
    expect(await listed("state:unmodified")).toBe("a");
    expect(await listed("state:old")).toBe("a b c d");
    expect(await listed("state:modifed")).toMatch(/no selector "state:modifed".*Did you mean "modified"/);
    expect(await listed("result:success")).toBe("a b c d");
    expect(await listed("result:error+")).toBe("");
    expect(names(await run("ls", { select: ["state:new"] }))).toContain("name the folder of its artifacts with --state");
    expect(names(await run("ls", { state: folder, select: ["state:new"] }))).toContain("has no manifest.json");
  });
});

describe("what state:modified looks at besides SQL", () => {
  it("sees a seed's rows and a contract's columns", async () => {
    const yaml = (type: string): string =>
      `models: [{name: a, config: {contract: {enforced: true}}, columns: [{name: x, data_type: ${type}}]}]`;
    const { run, write, folder } = await project({
      "seeds/colours.csv": "colour\nred\n",
      "models/a.sql": "select 1 as x",
      "models/a.yml": yaml("int"),
    });
    await run("build");
    const state = join(folder, "earlier");
    await mkdir(state);
    await writeFile(join(state, "manifest.json"), await readFile(join(folder, "target", "manifest.json")));
    const listed = async (word: string): Promise<string> => names(await run("ls", { state, select: [word] }));
    expect(await listed("state:modified")).toBe("");
    await write("seeds/colours.csv", "colour\nblue\n");
    expect(await listed("state:modified")).toBe("colours");
    expect(await listed("state:modified.body")).toBe("colours");
    await write("models/a.yml", yaml("bigint"));
    expect(await listed("state:modified.contract")).toBe("a");
    expect(await listed("state:modified")).toBe("a colours");
  });
});

describe("source_status:", () => {
  it("names sources with newer rows than the earlier run saw, and what reads them", async () => {
    const { run, folder, write } = await project({
      "models/sources.yml": `
sources:
  - name: crm
    schema: main
    loaded_at_field: loaded_at
    freshness: {error_after: {count: 900000, period: day}}
    tables: [{name: orders}, {name: receipts}]`,
      "models/a.sql": "select * from {{ source('crm', 'orders') }}",
      "models/b.sql": "select * from {{ source('crm', 'receipts') }}",
      "macros/fill.sql":
        "{% macro fill(name, loaded) %}{% do run_query('create or replace table ' ~ name ~ ' as select timestamp ' ~ dbt.string_literal(loaded) ~ ' as loaded_at') %}{% endmacro %}",
    });
    const fill = (name: string, loaded: string) => run("run-operation", { macro: "fill", macroArguments: { name, loaded } });
    await fill("orders", "2024-01-01");
    await fill("receipts", "2024-01-01");
    const select = ["source_status:fresher+"];
    await run("parse");
    expect(names(await run("ls", { state: "target", select }))).toMatch(/--state has none\. Run "source freshness" first/);
    await run("source freshness");
    const state = join(folder, "earlier");
    await mkdir(state);
    for (const file of ["manifest.json", "sources.json"])
      await write(`earlier/${file}`, await readFile(join(folder, "target", file), "utf8"));
    await fill("receipts", "2024-01-02");
    await run("source freshness");
    expect(names(await run("ls", { state, select }))).toBe("b");
    expect(names(await run("ls", { state, select: ["source_status:newer"] }))).toContain("there is source_status:fresher");
  });
});

describe("--empty", () => {
  it("builds all columns and no rows, and leaves out of it what renders the whole", async () => {
    const { run, database } = await project({
      "models/a.sql": "{{ config(materialized='table') }} select 1 as x",
      "models/b.sql":
        "{{ config(materialized='table') }} select b.x, (select count(*)::int from {{ ref('a').render() }}) as of_all from {{ ref('a') }} as b",
    });
    expect(await run("build", { empty: true })).toMatchObject({ error: null, exitCode: 0 });
    expect(await queryFile(database, "select x, of_all from b")).toEqual([]);
    await run("build");
    expect(await queryFile(database, "select x, of_all from b")).toEqual([{ x: 1, of_all: 1 }]);
  });
});

describe("--defer", () => {
  it("reads what is not built here where an earlier run built it", async () => {
    const { run, write, folder, database } = await project({
      "models/a.sql": "select 1 as x",
      "models/b.sql": "select x from {{ ref('a') }}",
    });
    await run("build", { schema: "production" });
    await write("models/b.sql", "select x + 1 as x from {{ ref('a') }}");
    const state = join(folder, "target");
    const here = { select: ["b"], schema: "development", targetPath: join(folder, "own") };
    expect((await run("run", here)).exitCode).toBe(1);
    expect(await run("run", { ...here, state, defer: true })).toMatchObject({ exitCode: 0 });
    expect(await queryFile(database, "select x from development.b")).toEqual([{ x: 2 }]);
    await run("run", { select: ["a"], schema: "development", vars: {}, targetPath: join(folder, "own") });
    const from = async (more: Partial<RunOptions>): Promise<string | undefined> =>
      (await run("compile", { ...here, state, defer: true, ...more })).compiled.get("model.shop.b");
    expect(await from({})).toContain('"development"."a"');
    expect(await from({ favorState: true })).toContain('"production"."a"');
    expect(await from({ favorState: true, select: ["a", "b"] })).toContain('"development"."a"');
    expect((await run("run", { defer: true })).error).toContain("--defer needs --state DIR");
    expect((await run("run", { favorState: true })).error).toContain("it needs --defer");
  });
});

describe("analyses", () => {
  it("are compiled and listed, and not built", async () => {
    const { run } = await project({ ...shop, "analyses/big.sql": "select count(*) from {{ ref('a') }}" });
    expect(names(await run("ls", { resourceTypes: ["analysis"] }))).toBe("big");
    expect((await run("compile", { select: ["big"] })).compiled.get("analysis.shop.big")).toBe('select count(*) from "shop"."main"."a"');
    expect((await run("build")).results.some(({ name }) => name === "big")).toBe(false);
  });
});

describe("parse, run-operation and what templates see of the call", () => {
  it("writes the manifest without building", async () => {
    const { run, folder } = await project(shop);
    expect((await run("parse")).exitCode).toBe(0);
    expect(JSON.parse(await readFile(join(folder, "target", "manifest.json"), "utf8")).nodes).toHaveProperty(["model.shop.a"]);
  });

  it("calls a macro with its arguments", async () => {
    const { run, database } = await project({
      "macros/grant.sql":
        '{% macro note(text, times=1) %}{% do run_query("create table notes as select \'" ~ text ~ "\' as note from range(" ~ times ~ ")") %}{% endmacro %}',
    });
    const summary = await run("run-operation", { macro: "note", macroArguments: { text: 'a "b"', times: 2 } });
    expect(summary).toMatchObject({ error: null, exitCode: 0 });
    expect(await queryFile(database, "select note from notes")).toEqual([{ note: 'a "b"' }, { note: 'a "b"' }]);
    expect((await run("run-operation", { macro: "nte" })).error).toContain('there is no macro "nte". Did you mean "note"?');
  });

  it("tells flags and invocation_args_dict the truth", async () => {
    const { run } = await project({
      "models/a.sql":
        "select '{{ flags.WHICH }}' as which, '{{ flags.STORE_FAILURES }}' as stored, '{{ invocation_args_dict.which }} {{ invocation_args_dict.select | join }}' as args, '{{ selected_resources | join }}' as selected",
    });
    for (const command of ["run", "build", "compile"] as const) {
      const summary = await run(command, { select: ["a"], storeFailures: true });
      const sql = summary.results[0]?.compiledCode ?? summary.compiled.get("model.shop.a");
      expect(sql).toBe(`select '${command}' as which, 'True' as stored, '${command} a' as args, 'model.shop.a' as selected`);
    }
  });
});
