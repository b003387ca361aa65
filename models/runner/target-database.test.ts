import { join } from "node:path";
import { expect, it } from "vitest";
import { readOptions } from "./command-line-options.ts";
import { runModels, type RunSummary } from "./run-models.ts";
import { queryFile, writeProject } from "./testing.ts";

const build = async (words: (folder: string) => string[]): Promise<{ summary: RunSummary; folder: string }> => {
  const folder = await writeProject({
    "models/sources.yml": "sources: [{name: crm, database: mirror, schema: raw, tables: [{name: orders}]}]",
    "models/a.sql": "select * from {{ source('crm', 'orders') }}",
    "models/b.sql": "{{ config(materialized='table') }} select * from {{ ref('a') }}",
  });
  await queryFile(join(folder, "copy.duckdb"), "create schema raw; create table raw.orders as select 7 as id");
  const options = readOptions(["build", "--project-dir", folder, "--database", join(folder, "warehouse.duckdb"), ...words(folder)]);
  if (options === "help") throw new Error("the call was not understood");
  return { summary: await runModels(options), folder };
};

it("reads sources of another file under the catalog's name that they give", async () => {
  const { summary, folder } = await build((folder) => ["--attach", `mirror=${join(folder, "copy.duckdb")}`]);
  expect(summary).toMatchObject({ error: null, exitCode: 0 });
  expect(await queryFile(join(folder, "warehouse.duckdb"), "select id from b")).toEqual([{ id: 7 }]);
});

it.each([
  [["--attach", "mirror"], /--attach takes a catalog's name and a DuckDB file, such as .*, found "mirror"/],
  [["--attach", "mirror=/nowhere/m.duckdb"], /--attach mirror=\/nowhere\/m\.duckdb: there is no such file/],
  [["--attach", `Warehouse=${import.meta.filename}`], /"Warehouse" is already the catalog of --database/],
  [["--attach", `mirror=${import.meta.filename}`], /--attach mirror=.*not a valid DuckDB database/],
])("says what is wrong with %j", async (words, message) => {
  const error = await build(() => words).then(
    ({ summary }) => summary.error,
    (thrown: Error) => thrown.message,
  );
  expect(error).toMatch(message);
});
