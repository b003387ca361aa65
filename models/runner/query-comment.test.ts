import { DuckDBInstance } from "@duckdb/node-api";
import { expect, it } from "vitest";
import { runModels } from "./run-models.ts";
import { writeProject } from "./testing.ts";

/** The statements that a build sends to the database, as its own log has them. */
async function statements(projectFile: string): Promise<{ error: string | null; texts: string[] }> {
  const projectDir = await writeProject({
    "dbt_project.yml": `name: shop\n${projectFile}`,
    "models/a.sql": "{{ config(materialized='table', pre_hook='select 42') }} select 1 as x",
    "models/a.yml": "models: [{name: a, columns: [{name: x, data_tests: [not_null]}]}]",
    "macros/comments.sql": "{% macro our_comment(node) %}{{ target.name }}: {{ node.unique_id }}{% endmacro %}",
  });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run("attach ':memory:' as shop; call enable_logging('QueryLog')");
    const { error } = await runModels({ command: "build", projectDir, connection, catalog: "shop", targetPath: null });
    await connection.run("call disable_logging()");
    const rows = await (await connection.run("select message from duckdb_logs where type = 'QueryLog' order by timestamp")).getRowsJS();
    return { error, texts: rows.map(([text]) => String(text)) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const about = (texts: readonly string[], part: string): string[] => texts.filter((text) => text.includes(part));

it("is off unless the project asks for one", async () => {
  const { texts } = await statements("");
  expect(about(texts, "create or replace table")).toHaveLength(1);
  expect(about(texts, "/*")).toEqual([]);
});

it("is set before every statement of a node, or after it", async () => {
  const before = await statements("query-comment: '{{ our_comment(node) }}'");
  expect(before.error).toBeNull();
  for (const text of [...about(before.texts, "select 42"), ...about(before.texts, "create or replace table")])
    expect(text).toMatch(/^\s*\/\* kehu: model\.shop\.a \*\/\n/);
  expect(about(before.texts, "count(*) = count(x)").join()).toMatch(/^\/\* kehu: test\.shop\.not_null_a_x\./);
  const after = await statements("query-comment: {comment: 'by {{ connection_name }}', append: true}");
  expect(about(after.texts, "create or replace table").join()).toMatch(/\n\/\* by model\.shop\.a \*\/$/);
});

it("must not end itself", async () => {
  expect((await statements("query-comment: 'a */ b'")).error).toContain('query-comment: the comment must not contain "*/"');
});
