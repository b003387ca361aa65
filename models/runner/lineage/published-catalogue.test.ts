import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadProject } from "../load-project.ts";
import { runModels } from "../run-models.ts";
import { writeProject } from "../testing.ts";
import { publishCatalogue, type CatalogueNode } from "./published-catalogue.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeEach(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run("attach ':memory:' as warehouse; attach ':memory:' as mirror; create schema mirror.raw");
  await connection.run("create table mirror.raw.orders (id int, amount decimal(18, 2)); insert into mirror.raw.orders values (1, 4711.42)");
});

afterEach(() => {
  connection.closeSync();
  instance.closeSync();
});

const files = {
  "models/sources.yml":
    "sources: [{name: crm, database: mirror, schema: raw, tables: [{name: orders, description: Orders.}, {name: unread}]}]",
  "models/fct_orders.sql":
    "{{ config(materialized='table') }} select id as order_key, sum(amount) as total from {{ source('crm', 'orders') }} group by id",
  "models/fct_orders.yml":
    "models: [{name: fct_orders, description: One row per order., columns: [{name: order_key, description: The key., data_tests: [unique]}]}]",
};

const nodes = async (): Promise<CatalogueNode[]> =>
  (await connection.runAndReadAll("select node::varchar from warehouse.meta.catalogue order by position"))
    .getRowsJS()
    .map(([text]) => JSON.parse(String(text)));

it("writes what models there are and where their columns come from, and no value", async () => {
  const projectDir = await writeProject(files);
  expect((await runModels({ command: "run", projectDir, connection, catalog: "warehouse", targetPath: null })).error).toBeNull();
  const project = await loadProject({ projectDir, target: { name: "dev", catalog: "warehouse", schema: "main", threads: 1 }, vars: {} });
  await publishCatalogue(connection, project, "first");
  const [source, model, ...others] = await nodes();
  expect(others).toEqual([]);
  expect(source).toMatchObject({ id: "source.shop.crm.orders", type: "source", name: "crm.orders", description: "Orders.", schema: "raw" });
  expect(model).toMatchObject({
    id: "model.shop.fct_orders",
    parents: ["source.shop.crm.orders"],
    columns: [
      {
        name: "order_key",
        type: "INTEGER",
        description: "The key.",
        kind: "renamed",
        inputs: [{ node: "source.shop.crm.orders", column: "id", kind: "renamed" }],
      },
      {
        name: "total",
        type: "DECIMAL(38,2)",
        kind: "aggregated",
        inputs: [{ node: "source.shop.crm.orders", column: "amount", kind: "aggregated" }],
      },
    ],
    tests: [{ kind: "unique", column: "order_key" }],
  });
  expect(JSON.stringify([source, model])).not.toContain("4711");
});

it("writes again only for another project", async () => {
  const projectDir = await writeProject(files);
  const project = await loadProject({ projectDir, target: { name: "dev", catalog: "warehouse", schema: "main", threads: 1 }, vars: {} });
  await publishCatalogue(connection, project, "first");
  await connection.run("update warehouse.meta.catalogue set id = 'kept'");
  await publishCatalogue(connection, project, "first");
  const ids = "select distinct id from warehouse.meta.catalogue";
  expect((await connection.runAndReadAll(ids)).getRowsJS()).toEqual([["kept"]]);
  await publishCatalogue(connection, project, "second");
  expect((await connection.runAndReadAll(`${ids} order by id`)).getRowsJS()).toEqual([
    ["model.shop.fct_orders"],
    ["source.shop.crm.orders"],
  ]);
});
