import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { runnerCommand } from "./command-line.ts";
import { writeProject } from "./testing.ts";

let printed = "";
beforeEach(() => {
  printed = "";
  const keep = (...texts: unknown[]): void => void (printed += `${texts.join(" ")}\n`);
  vi.spyOn(console, "log").mockImplementation(keep);
  vi.spyOn(console, "error").mockImplementation(keep);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const files = {
  "models/a.sql": "select {{ var('x', 1) }} as x",
  "models/b.sql": "select x from {{ ref('a') }}",
  "models/b.yml": "models: [{name: b, columns: [{name: x, data_tests: [not_null]}]}]",
};

async function kehu(...words: string[]): Promise<number> {
  const folder = await writeProject(files);
  return runnerCommand([...words, "--project-dir", folder, "--database", join(folder, "shop.duckdb")]);
}

it("answers 0 when all is well, with one line per node", async () => {
  expect(await kehu("build")).toBe(0);
  expect(printed).toMatch(
    /^1 of 3 OK created sql view model main\.a \[\d+\.\d\ds\]\n2 of 3 OK created sql view model main\.b .*\n3 of 3 PASS not_null_b_x .*\nDone\. PASS=3 WARN=0 ERROR=0 SKIP=0 TOTAL=3\n$/,
  );
});

it("answers 1 when a test fails", async () => {
  expect(await kehu("build", "--vars", "{x: 'null'}")).toBe(1);
  expect(printed).toContain("FAIL 1 not_null_b_x");
});

it("takes several words after --select and --exclude", async () => {
  expect(await kehu("ls", "--select", "a", "b", "--exclude", "resource_type:test")).toBe(0);
  expect(printed).toBe("shop.a\nshop.b\n");
});

it.each([
  [["frobnicate"], 'the runner has no command "frobnicate"'],
  [["build", "--frobnicate"], "--frobnicate"],
  [["build", "--threads", "none"], '--threads takes a whole number above 0, found "none"'],
  [["build", "--select", "tags:x"], 'there is no selector method "tags:"'],
  [
    ["build", "--indirect-selection", "cautios"],
    '--indirect-selection takes eager, cautious, buildable, empty, found "cautios". Did you mean "cautious"?',
  ],
  [["run", "--event-time-start", "2024-01-01"], "--event-time-start and --event-time-end go together"],
  [["ls", "--resource-type", "modle"], 'there is no resource type "modle"'],
  [["build", "--state", "nowhere"], "nowhere has no manifest.json"],
  [["ls", "--output", "jsn"], '--output takes selector, name, path, json, found "jsn". Did you mean "json"?'],
  [["run-operation"], "run-operation needs the name of a macro"],
  [["run-operation", "tidy", "--args", "[1]"], "--args takes a YAML mapping such as '{a: 1}', found [1]"],
  [["build", "--vars", "{a: [}"], "--vars takes a YAML mapping"],
])("answers 2 and says why: %j", async (words, message) => {
  expect(await kehu(...words)).toBe(2);
  expect(printed).toContain(message);
});

it("lists by type, with the tests that a word asks for", async () => {
  expect(await kehu("ls", "--select", "a", "b", "--resource-type", "model", "test", "--indirect-selection", "empty")).toBe(0);
  expect(printed).toBe("shop.a\nshop.b\n");
});

it("lists as selectors, names, files or JSON, with the keys asked for", async () => {
  const folder = await writeProject({
    ...files,
    "models/sources.yml": "sources: [{name: crm, schema: main, tables: [{name: orders}]}]",
    "models/board.yml": "exposures: [{name: board, type: dashboard, owner: {name: Wei}, depends_on: [ref('b')]}]",
    "analyses/big.sql": "select 1",
  });
  const ls = async (...words: string[]): Promise<string[]> => {
    printed = "";
    expect(await runnerCommand(["ls", "--project-dir", folder, "--database", join(folder, "shop.duckdb"), ...words])).toBe(0);
    return printed.trim().split("\n");
  };
  expect(await ls()).toEqual(["exposure:shop.board", "shop.a", "shop.b", "source:shop.crm.orders", "shop.not_null_b_x"]);
  expect(await ls("--output", "name", "--resource-type", "source", "analysis")).toEqual(["big", "crm.orders"]);
  expect(await ls("--output", "path", "--select", "a", "not_null_b_x")).toEqual(["models/a.sql", "models/b.yml"]);
  const [line] = await ls("--output", "json", "--select", "b", "--resource-type", "model");
  expect(Object.keys(JSON.parse(line ?? ""))).toEqual(
    ["alias", "name", "package_name", "depends_on", "tags", "config", "resource_type", "original_file_path", "unique_id"], // a model has no source_name
  );
  expect(await ls("--output", "json", "--output-keys", "name config.materialized", "--select", "b", "--resource-type", "model")).toEqual([
    '{"name":"b","config.materialized":"view"}',
  ]);
});

it("tells templates the target's name", async () => {
  const folder = await writeProject({ "models/a.sql": "select '{{ target.name }}' as name" });
  expect(await runnerCommand(["compile", "--project-dir", folder, "--database", join(folder, "shop.duckdb"), "--target", "prod"])).toBe(0);
  expect(printed).toContain("select 'prod' as name");
});

it("cleans without a database", async () => {
  const folder = await writeProject({ "target/manifest.json": "{}" });
  expect(await runnerCommand(["clean", "--project-dir", folder])).toBe(0);
  expect([printed, existsSync(join(folder, "target"))]).toEqual(["removed target\n", false]);
});

it("answers 2 without a database or a project", async () => {
  expect(await runnerCommand(["build", "--project-dir", await writeProject(files)])).toBe(2);
  expect(printed).toContain("--database FILE is missing");
  expect(await runnerCommand(["build", "--project-dir", "/nowhere", "--database", "/tmp/none.duckdb"])).toBe(2);
  expect(printed).toContain("no dbt_project.yml in /nowhere");
  expect(existsSync("/tmp/none.duckdb")).toBe(false);
});
