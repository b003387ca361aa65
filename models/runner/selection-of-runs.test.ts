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
    expect((await run("run", { defer: true })).error).toContain("--defer needs --state DIR");
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
