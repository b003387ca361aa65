import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadProject } from "./load-project.ts";
import type { Settings } from "./resources.ts";
import { writeProject } from "./testing.ts";

const target = { name: "t", catalog: "shop", schema: "main", threads: 1 };
let projectDir: string;
beforeEach(async () => {
  process.env.KEHU_TEST_SCHEMA = "one";
  projectDir = await writeProject({
    "models/a.sql": "{{ config(schema=env_var('KEHU_TEST_SCHEMA'), tags=[var('tag', 'none')]) }} select 1 as id",
    "models/a.yml": "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}, {name: nothing}]",
    "seeds/s.csv": "id\n1\n",
  });
});
afterEach(async () => {
  delete process.env.KEHU_TEST_SCHEMA;
  await rm(projectDir, { recursive: true });
});

const file = (): string => join(projectDir, "target/partial_parse.json");
const load = (vars: Settings = {}) => loadProject({ projectDir, target, vars, cache: { targetPath: undefined } });

/** Puts a mark into what was kept: a project that shows it was not parsed again. */
async function isKept(change: () => Promise<unknown> | undefined, vars?: Settings): Promise<boolean> {
  await load();
  await writeFile(file(), (await readFile(file(), "utf8")).replace('"description":""', '"description":"kept"'));
  await change();
  return [...(await load(vars)).nodes.values()].some((node) => node.description === "kept");
}

describe("the kept parse", () => {
  it("gives the same project as parsing does", async () => {
    const parsed = await load();
    const kept = await load();
    for (const part of ["nodes", "disabled", "sources", "docs", "exposures", "groups"] as const)
      expect([...kept[part].entries()]).toEqual([...parsed[part].entries()]);
    expect(kept.warnings).toEqual(parsed.warnings);
    expect(kept.warnings).toHaveLength(1);
  });

  it("is used when nothing changed, a seed's rows included", async () => {
    expect(await isKept(() => undefined)).toBe(true);
    expect(await isKept(() => writeFile(join(projectDir, "seeds/s.csv"), "id\n2\n"))).toBe(true);
  });

  it.each<[string, () => Promise<unknown> | undefined, Settings]>([
    ["a file", () => writeFile(join(projectDir, "models/a.sql"), "select 2 as id"), {}],
    ["a new file", () => writeFile(join(projectDir, "models/b.sql"), "select 2 as id"), {}],
    ["the project file", () => writeFile(join(projectDir, "dbt_project.yml"), "name: shop\nmodels: {+materialized: table}"), {}],
    ["a variable", () => undefined, { tag: "hot" }],
    [
      "an environment variable that a template reads",
      () => {
        process.env.KEHU_TEST_SCHEMA = "two";
        return undefined;
      },
      {},
    ],
  ])("is dropped when %s changed", async (_name, change, vars) => {
    expect(await isKept(change, vars)).toBe(false);
  });
});
