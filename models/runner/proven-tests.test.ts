import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { provenEmpty } from "./proven-tests.ts";
import { runModels } from "./run-models.ts";
import { writeProject } from "./testing.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run(`
    create table orders as select * from (values
      (1, 10, 'a', 'x', 5000000000, null::integer, -3::tinyint, true),
      (2, 10, 'b', 'x', 1, null, 4, null),
      (3, 11, 'c', null, 7, null, null, false)
    ) as given (order_key, customer_key, number, kind, wide, nothing, small, flag)`);
  await connection.run("create view many as select * from orders union all select * from orders");
  await connection.run("create table none as select * from orders where false");
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const notNull = (column: string, relation = "orders"): string => `select ${column}\nfrom ${relation}\nwhere ${column} is null`;
const unique = (column: string, relation = "orders"): string =>
  `\nselect ${column} as unique_field, count(*) as n_records\nfrom ${relation}\nwhere ${column} is not null\ngroup by ${column}\nhaving count(*) > 1\n`;
const accepted = (column: string, values: string, relation = "orders"): string =>
  `with all_values as (\n  select ${column} as value_field, count(*) as n_records from ${relation} group by ${column}\n)\nselect *\nfrom all_values\nwhere value_field not in (\n  ${values}\n)`;

/** What each query says when it is run. */
async function emptyWhenRun(queries: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const sql of queries) if ((await (await connection.run(sql)).getRowsJS()).length === 0) found.add(sql);
  return found;
}

describe("tests answered by one scan of their relation", () => {
  const columns = ["order_key", "customer_key", "number", "kind", "wide", "nothing", "small", "flag"];
  const relations = ["orders", "memory.main.orders", '"memory"."main"."orders"', "many", "none"];

  it("pass exactly when their own queries give no row", async () => {
    const queries = relations.flatMap((relation) => [
      ...columns.flatMap((column) => [notNull(column, relation), unique(column, relation)]),
      accepted("kind", "'x'", relation),
      accepted("kind", "'y','z'", relation),
      accepted("kind", "'y',null", relation),
      accepted("customer_key", "10,11", relation),
      accepted("customer_key", "10", relation),
    ]);
    const expected = await emptyWhenRun(queries);
    expect(expected.size).toBeGreaterThan(0);
    expect(expected.size).toBeLessThan(queries.length);
    expect(await provenEmpty(queries, connection)).toEqual(expected);
  });

  it("are left alone when they read something else than a whole relation, or ask something else", async () => {
    const others = [
      notNull("order_key", "(select * from orders where order_key > 1) dbt_subquery"),
      unique("order_key || number"),
      unique("order_key").replace("> 1", "> 2"),
      notNull("order_key").replace("is null", "is null and kind = 'x'"),
      "select * from orders where false",
    ];
    expect(await emptyWhenRun(others)).toEqual(new Set(others));
    expect(await provenEmpty(others, connection)).toEqual(new Set());
  });

  it("are what the built-in tests compile to", async () => {
    const projectDir = await writeProject({
      "models/orders.sql": "{{ config(materialized='table') }}\nselect 1 as order_key, 'sale' as kind",
      "models/orders.yml": `
models:
  - name: orders
    columns:
      - {name: order_key, data_tests: [unique, not_null]}
      - {name: kind, data_tests: [{accepted_values: {arguments: {values: [sale, return]}}}]}`,
    });
    const database = join(projectDir, "shop.duckdb");
    const { results } = await runModels({ command: "build", projectDir, database });
    const tests = results.filter((result) => result.resourceType === "test");
    expect(tests.map(({ status }) => status)).toEqual(["pass", "pass", "pass"]);
    const queries = tests.map(({ compiledCode }) => compiledCode ?? "");
    const built = await DuckDBInstance.fromCache(database);
    const reader = await built.connect();
    expect(await provenEmpty(queries, reader)).toEqual(new Set(queries));
    reader.closeSync();
    built.closeSync();
  });

  it("fail with DuckDB's words when a column is missing", async () => {
    await expect(provenEmpty([notNull("order_kye")], connection)).rejects.toThrow("order_kye");
  });
});
