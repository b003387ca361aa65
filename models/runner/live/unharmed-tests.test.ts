import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Catalog } from "../catalog.ts";
import { Compiler } from "../compiler.ts";
import { loadProject } from "../load-project.ts";
import type { Node, Project } from "../resources.ts";
import { writeProject } from "../testing.ts";
import { ChangedRows } from "./changed-rows.ts";
import { differingRows } from "./keyed-sql.ts";
import { UnharmedTests } from "./unharmed-tests.ts";

const models = ["customers", "orders"];
const everything = ["accepted kind", "not_null order_key", "relationships customer_key", "unique customer_key", "unique order_key"];

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let project: Project;
let compiler: Compiler;

beforeAll(async () => {
  const projectDir = await writeProject({
    "models/customers.sql": "{{ config(materialized='table') }}\nselect 1 as customer_key, 'a' as name",
    "models/orders.sql":
      "{{ config(materialized='table') }}\nselect 1 as order_key, 1 as customer_key, 'sale' as kind from {{ ref('customers') }}",
    "models/models.yml": `
models:
  - name: customers
    columns: [{name: customer_key, data_tests: [unique]}]
  - name: orders
    columns:
      - {name: order_key, data_tests: [unique, not_null]}
      - {name: kind, data_tests: [{accepted_values: {arguments: {values: [sale, return]}}}]}
      - {name: customer_key, data_tests: [{relationships: {arguments: {to: ref('customers'), field: customer_key}}}]}`,
  });
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run(
    "create table customers (customer_key integer, name text); create table orders (order_key integer, customer_key integer, kind text)",
  );
  const target = { name: "kehu", catalog: "memory", schema: "main", threads: 1 };
  project = await loadProject({ projectDir, target, vars: {} });
  compiler = new Compiler(project, await Catalog.read(connection), {
    fullRefresh: false,
    selected: [],
    command: "build",
    log: () => undefined,
  });
});

beforeEach(async () => {
  await connection.run("delete from customers; insert into customers values (1, 'a'), (2, 'b'), (3, 'c')");
  await connection.run("delete from orders; insert into orders values (10, 1, 'sale'), (11, 1, 'sale'), (12, 2, 'return')");
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const tests = (): Node[] => [...project.nodes.values()].filter(({ resourceType }) => resourceType === "test");
const label = ({ test }: Node): string => `${test?.metadata?.name.replace("accepted_values", "accepted")} ${test?.columnName}`;

/** The tests that `change` is found to leave alone. Each of them is run too, and must find nothing. */
async function unharmedBy(change: string, passed = tests().map(({ name }) => name)): Promise<string[]> {
  const changes = new ChangedRows(project);
  for (const model of models) await connection.run(`create or replace table "before ${model}" as from ${model}`);
  await connection.run(change);
  for (const model of models) {
    const rows = `memory.main."changed ${model}"`;
    await connection.run(`create or replace table ${rows} as ${differingRows(`"before ${model}"`, model)}`);
    const [[count] = []] = await (await connection.run(`select count(*) from ${rows}`)).getRowsJS();
    if (Number(count) > 0) changes.put(`model.shop.${model}`, rows);
  }
  const unharmed = new UnharmedTests({ project, changes, passed: new Set(passed) });
  const found = await unharmed.among(tests(), compiler, connection);
  for (const sql of found.values()) expect(await (await connection.run(sql)).getRowsJS()).toEqual([]);
  return [...found.keys()].map(label).sort();
}

it("are all when only columns that nothing is asked of have changed", async () => {
  expect(await unharmedBy("update customers set name = 'z' where customer_key = 1")).toEqual(everything);
});

it("are all when rows change places, so that the values are the same", async () => {
  expect(await unharmedBy("update orders set order_key = 21 - order_key where order_key < 12")).toEqual(everything);
});

it.each([
  ["a row with a new key", "insert into orders values (13, 3, 'sale')", ["relationships customer_key", "unique order_key"]],
  ["a key that is there", "insert into orders values (10, 3, 'sale')", ["relationships customer_key", "unique order_key"]],
  ["no key", "update orders set order_key = null where order_key = 10", ["not_null order_key", "unique order_key"]],
  ["a value that is not accepted", "update orders set kind = 'gift' where order_key = 10", ["accepted kind"]],
  ["a value that was nowhere", "update orders set customer_key = 4 where order_key = 10", ["relationships customer_key"]],
  ["a parent that went", "delete from customers where customer_key = 1", ["relationships customer_key", "unique customer_key"]],
])("are not those that %s may fail", async (_, change, asked) => {
  expect(await unharmedBy(change)).toEqual(everything.filter((test) => !asked.includes(test)));
});

it("are none that did not pass before", async () => {
  const passed = tests().filter((node) => label(node) !== "unique order_key");
  expect(
    await unharmedBy(
      "update orders set kind = 'return' where order_key = 10",
      passed.map(({ name }) => name),
    ),
  ).toEqual(everything.filter((test) => test !== "unique order_key"));
});

it("are none of a relation whose changed rows nobody knows", async () => {
  const changes = new ChangedRows(project);
  changes.put("model.shop.customers", null);
  const unharmed = new UnharmedTests({ project, changes, passed: new Set(tests().map(({ name }) => name)) });
  const found = await unharmed.among(tests(), compiler, connection);
  expect([...found.keys()].map(label).sort()).toEqual(["accepted kind", "not_null order_key", "unique order_key"]);
});
