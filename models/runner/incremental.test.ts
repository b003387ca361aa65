import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runModels, type RunOptions, type RunSummary } from "./run-models.ts";
import { queryFile, writeProject } from "./testing.ts";

const source = "models/source.sql";
const model = "models/target.sql";

/** A model over a source that each run replaces. */
async function project(config: string): Promise<{
  run: (rows: string, more?: Partial<RunOptions>) => Promise<RunSummary>;
  configure: (config: string) => Promise<void>;
  rows: () => Promise<Record<string, unknown>[]>;
}> {
  const text = (given: string): string => `{{ config(materialized='incremental', ${given}) }}\nselect * from {{ ref('source') }}`;
  const folder = await writeProject({ [source]: "select 1 as id", [model]: text(config) });
  const database = join(folder, "shop.duckdb");
  return {
    configure: (given) => writeFile(join(folder, model), text(given)),
    async run(rows, more = {}) {
      await writeFile(join(folder, source), rows);
      return runModels({ command: "build", projectDir: folder, database, targetPath: null, ...more });
    },
    rows: () => queryFile(database, "select * from target order by all"),
  };
}

const messageOf = (summary: RunSummary): string => summary.results.find(({ name }) => name === "target")?.message ?? "";

it("append adds rows, also those of a key that is there", async () => {
  const { run, rows } = await project("incremental_strategy='append', unique_key='id'");
  await run("select 1 as id, 'a' as v");
  await run("select 1 as id, 'b' as v");
  expect(await rows()).toEqual([
    { id: 1, v: "a" },
    { id: 1, v: "b" },
  ]);
});

it("delete+insert replaces the rows of a key of several columns, within the predicates", async () => {
  const { run, rows } = await project("unique_key=['id', 'part'], incremental_predicates=[\"DBT_INTERNAL_DEST.part <> 'kept'\"]");
  await run("select 1 as id, 'x' as part, 1 as n union all select 1, 'y', 1 union all select 1, 'kept', 1");
  await run("select 1 as id, 'x' as part, 2 as n union all select 1, 'x', 3 union all select 1, 'kept', 2");
  expect(await rows()).toEqual([
    { id: 1, part: "kept", n: 1 },
    { id: 1, part: "kept", n: 2 },
    { id: 1, part: "x", n: 2 },
    { id: 1, part: "x", n: 3 },
    { id: 1, part: "y", n: 1 },
  ]);
});

it("merge updates and inserts, only or without the named columns", async () => {
  const { run, rows, configure } = await project("incremental_strategy='merge', unique_key='id', merge_update_columns=['n']");
  await run("select 1 as id, 'a' as v, 1 as n");
  await run("select 1 as id, 'b' as v, 2 as n union all select 2, 'c', 3");
  expect(await rows()).toEqual([
    { id: 1, v: "a", n: 2 },
    { id: 2, v: "c", n: 3 },
  ]);
  await configure("incremental_strategy='merge', unique_key='id', merge_exclude_columns=['n']");
  await run("select 1 as id, 'd' as v, 9 as n");
  expect((await rows())[0]).toEqual({ id: 1, v: "d", n: 2 });
  await configure("incremental_strategy='merge', unique_key='id', merge_exclude_columns=['n'], merge_update_columns=['v']");
  expect(messageOf(await run("select 1 as id, 'd' as v, 9 as n"))).toContain("not both");
});

it("a failed step leaves the table as it was", async () => {
  const { run, rows } = await project("unique_key='id', post_hook=\"{{ 'select error(1)' if is_incremental() else 'select 1' }}\"");
  await run("select 1 as id, 'a' as v");
  expect((await run("select 1 as id, 'b' as v")).exitCode).toBe(1);
  expect(await rows()).toEqual([{ id: 1, v: "a" }]);
});

it.each([
  ["ignore", [{ id: 1, gone: 1 }], /gone/],
  [
    "append_new_columns",
    [
      { id: 1, gone: 1, added: null },
      { id: 2, gone: null, added: "x" },
    ],
    /^OK$/,
  ],
  [
    "sync_all_columns",
    [
      { id: 1, added: null },
      { id: 2, added: "x" },
    ],
    /^OK$/,
  ],
  ["fail", [{ id: 1, gone: 1 }], /New: added VARCHAR\. Gone: gone INTEGER\. Of another type: none/],
])("on_schema_change: %s", async (mode, expected, message) => {
  const { run, rows } = await project(`unique_key='id', on_schema_change='${mode}'`);
  await run("select 1 as id, 1 as gone");
  expect(messageOf(await run("select 2 as id, 'x' as added"))).toMatch(message);
  expect(await rows()).toEqual(expected);
});

it("sync_all_columns changes types, a full refresh everything", async () => {
  const { run, rows } = await project("unique_key='id', on_schema_change='sync_all_columns'");
  await run("select 1 as id, 1 as n");
  await run("select 2 as id, 'two' as n");
  expect(await rows()).toEqual([
    { id: 1, n: "1" },
    { id: 2, n: "two" },
  ]);
  await run("select 3 as id", { fullRefresh: true });
  expect(await rows()).toEqual([{ id: 3 }]);
});

it("names what a setting may be", async () => {
  const { run } = await project("incremental_strategy='mrge'");
  await run("select 1 as id");
  expect(messageOf(await run("select 1 as id"))).toContain(
    'incremental_strategy must be one of append, delete+insert, merge, microbatch, found "mrge". Did you mean "merge"?',
  );
});
