import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadProject } from "../load-project.ts";
import { writeProject } from "../testing.ts";
import { ChangedRows } from "./changed-rows.ts";
import type { KeyedRule } from "./keyed-rule.ts";
import { madeInputs } from "./made-rows.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let changes: ChangedRows;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run("create table made_keys as select unnest([1, 2, 3]) as kehu_key; create table other_keys as select 1 as kehu_key");
  await connection.run("create table few as select unnest([1, 3]) as kehu_key; create table more as select unnest([1, 4]) as kehu_key");
  const projectDir = await writeProject({ "models/lines.sql": "select 1 as order_key" });
  const project = await loadProject({ projectDir, target: { name: "kehu", catalog: "memory", schema: "main", threads: 1 }, vars: {} });
  changes = new ChangedRows(project);
  changes.putMade("lines", { key: "order_key", keys: "made_keys", rows: "made_lines" });
  changes.putMade("heads", { key: "order_key", keys: "other_keys", rows: "made_heads" });
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const ruleOf = (inputs: Record<string, string>): KeyedRule => ({
  key: "order_key",
  row: "order_key",
  inputs: new Map(Object.entries(inputs).map(([id, column]) => [id, { column }])),
});

it.each([
  ["every key was made", "few", { lines: "order_key" }, ["lines"]],
  ["a key was not", "more", { lines: "order_key" }, []],
  ["only one input has all of them", "few", { lines: "order_key", heads: "order_key" }, ["lines"]],
  ["the input leads to keys by another column", "few", { lines: "line_key" }, []],
  ["the input was not built by keys", "few", { customers: "order_key" }, []],
])("are read in the place of an input, or not, when %s", async (_, keys, inputs, expected) => {
  const made = await madeInputs(ruleOf(inputs as Record<string, string>), keys, changes, connection);
  expect([...made]).toEqual(expected.map((id) => [id, `made_${id}`]));
});

it("are forgotten when the next build begins", async () => {
  changes.begin();
  expect(changes.madeOf("lines")).toBeUndefined();
});
