import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aggregateFunctions, openParser, type Parser } from "./parse-tree.ts";
import { queryLineage } from "./query-lineage.ts";
import { tableRelation, type Relation } from "./relation-columns.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let parser: Parser;
let aggregates: ReadonlySet<string>;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  parser = await openParser(connection);
  aggregates = await aggregateFunctions(connection);
});

afterAll(() => {
  parser.close();
  connection.closeSync();
  instance.closeSync();
});

const tables: Record<string, Relation> = {
  orders: tableRelation("orders", ["id", "customer_id", "amount", "tax", "kind"]),
  customers: tableRelation("customers", ["id", "name", "tags", "region"]),
  /** Nobody knows its columns. */
  raw: tableRelation("raw", undefined),
};

/** `column: [input:kind, …]` of a query, `?` in front of what can't be found out. */
async function lineage(sql: string): Promise<Record<string, string>> {
  const parsed = await parser.parse(sql);
  if ("problem" in parsed) throw new Error(parsed.problem);
  const relation = queryLineage(parsed.query, {
    aggregates,
    table: (parts) => tables[parts.at(-1) ?? ""] ?? null,
    call: () => null,
    cte: () => null,
  });
  return Object.fromEntries(
    [...relation.columns.values()].map(({ name, origin: { inputs, problem } }) => [
      name,
      problem ? `?${problem}` : [...inputs.values()].map(({ relation: from, column, kind }) => `${from}.${column}:${kind}`).join(" "),
    ]),
  );
}

describe("lineage of a query's columns", () => {
  const cases: [string, string, Record<string, string>][] = [
    ["a column, renamed or not", "select id, amount as total from orders", { id: "orders.id:direct", total: "orders.amount:direct" }],
    ["a computed value", "select amount - tax as net from orders", { net: "orders.amount:derived orders.tax:derived" }],
    ["a cast", "select cast(amount as varchar) as text from orders", { text: "orders.amount:derived" }],
    [
      "an aggregate, without its FILTER",
      "select sum(amount) filter (where kind = 'sale') as x from orders",
      { x: "orders.amount:aggregated" },
    ],
    [
      "the conditions of a CASE",
      "select case when kind = 'sale' then amount end as x from orders",
      { x: "orders.kind:derived orders.amount:derived" },
    ],
    ["rows that are counted", "select count(*) as n, count(1) as m from orders", { n: "orders.*:aggregated", m: "orders.*:aggregated" }],
    ["a constant, whatever it is made of", "select 1 + 1 as two, 'x' as x from orders", { two: "", x: "" }],
    ["no filter", "select id from orders where amount > 0 order by tax", { id: "orders.id:direct" }],
    [
      "a join, by qualified and bare names",
      "select o.id, name, customers.id as customer from orders as o left join customers on o.customer_id = customers.id",
      { id: "orders.id:direct", name: "customers.name:direct", customer: "customers.id:direct" },
    ],
    [
      "* through CTEs and joins, a second id being id_1",
      "with a as (select * from orders), b as (select id, name from customers) select * from a join b on a.customer_id = b.id",
      {
        id: "orders.id:direct",
        customer_id: "orders.customer_id:direct",
        amount: "orders.amount:direct",
        tax: "orders.tax:direct",
        kind: "orders.kind:direct",
        id_1: "customers.id:direct",
        name: "customers.name:direct",
      },
    ],
    [
      "* with EXCLUDE, REPLACE and RENAME",
      "select * exclude (tags) replace (upper(name) as name) rename (region as province) from customers",
      { id: "customers.id:direct", name: "customers.name:derived", province: "customers.region:direct" },
    ],
    ["COLUMNS with a pattern", "select columns('^t') from customers", { tags: "customers.tags:direct" }],
    [
      "USING, shown once; either side's in a FULL JOIN",
      "select id, name from (select id from orders) full join customers using (id)",
      { id: "orders.id:derived customers.id:derived", name: "customers.name:direct" },
    ],
    [
      "names of a table that nobody described",
      "with source as (select * from raw) select key, key || 'x' as y from source",
      { key: "raw.key:direct", y: "raw.key:derived" },
    ],
    [
      "an alias of the same select list",
      "select amount - tax as net, net * 2 as twice from orders",
      { net: "orders.amount:derived orders.tax:derived", twice: "orders.amount:derived orders.tax:derived" },
    ],
    [
      "UNION by position",
      "select id from orders union all select customer_id from orders union all select 0",
      { id: "orders.id:direct orders.customer_id:direct" },
    ],
    [
      "UNION BY NAME",
      "select id, amount from orders union by name select id, name from customers",
      { id: "orders.id:direct customers.id:direct", amount: "orders.amount:direct", name: "customers.name:direct" },
    ],
    ["EXCEPT: the left side's", "select id from orders except select id from customers", { id: "orders.id:direct" }],
    [
      "a recursive CTE",
      "with recursive tree as (select id, name as path from customers union all select tree.id, tree.path || region from tree join customers using (id)) select path from tree",
      { path: "customers.name:derived customers.region:derived" },
    ],
    [
      "a rank: what it is ranked by",
      "select row_number() over (partition by kind order by amount) as n from orders",
      { n: "orders.amount:derived" },
    ],
    ["a value of another row", "select lag(amount) over (order by id) as before from orders", { before: "orders.amount:derived" }],
    ["a running total", "select sum(amount) over (order by id) as running from orders", { running: "orders.amount:aggregated" }],
    [
      "a correlated subquery",
      "select (select max(amount) from orders where customer_id = customers.id) as largest from customers",
      { largest: "orders.amount:aggregated" },
    ],
    [
      "EXISTS: the rows",
      "select exists (select 1 from orders where customer_id = customers.id) as any_order from customers",
      { any_order: "orders.*:aggregated" },
    ],
    [
      "a lambda's parameter is no column",
      "select list_transform(tags, id -> id || name) as x from customers",
      { x: "customers.tags:derived customers.name:derived" },
    ],
    ["a lateral unnest", "select tag from customers, unnest(tags) as t(tag)", { tag: "customers.tags:derived" }],
    ["generated rows", "select range as n from range(3)", { n: "" }],
    ["VALUES", "select b from (values (1, 'x')) as v(a, b)", { b: "" }],
    [
      "UNPIVOT",
      "select * from (select id, amount, tax from orders) unpivot (value for name in (amount, tax))",
      { id: "orders.id:direct", name: "", value: "orders.amount:direct orders.tax:direct" },
    ],
    [
      "PIVOT",
      "select * from (select id, kind, amount from orders) pivot (sum(amount) for kind in ('sale', 'return'))",
      { id: "orders.id:direct", sale: "orders.amount:aggregated", return: "orders.amount:aggregated" },
    ],
    [
      "a field of a struct",
      "select address.city from (select struct_pack(city := region) as address from customers)",
      { city: "customers.region:derived" },
    ],
    [
      "rows of a LEFT JOIN: the left side's",
      "select count(*) as n from orders left join customers on orders.customer_id = customers.id",
      { n: "orders.*:aggregated" },
    ],
    [
      "what can't be found out",
      "select nothing, id from orders",
      { nothing: '?"nothing" is a column of nothing in FROM', id: "orders.id:direct" },
    ],
    [
      "a table that the project does not know",
      "select x from elsewhere",
      { x: "?elsewhere is no model, seed, snapshot or source of the project: name it by ref() or source()" },
    ],
  ];
  it.each(cases)("%s", async (_name, sql, expected) => {
    expect(await lineage(sql)).toEqual(expected);
  });

  it("gives every query the names and the number of columns that DuckDB gives it", async () => {
    await connection.run("create table orders (id int, customer_id int, amount decimal(18, 2), tax decimal(18, 2), kind text)");
    await connection.run("create table customers (id int, name text, tags text[], region text)");
    const bound = cases.filter(([, sql]) => !/raw|nothing|elsewhere/.test(sql));
    expect(bound.length).toBeGreaterThan(25);
    for (const [name, sql] of bound) {
      await connection.run(`create or replace table made as ${sql}`);
      const described = await connection.runAndReadAll("describe made");
      expect(Object.keys(await lineage(sql)), name).toEqual(described.getRowsJS().map(([column]) => String(column)));
    }
  });
});
