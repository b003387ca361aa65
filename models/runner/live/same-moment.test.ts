import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, it } from "vitest";
import { beginTogether } from "./same-moment.ts";

let instance: DuckDBInstance;
let connections: DuckDBConnection[];
let writer: DuckDBConnection;

beforeEach(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connections = [await instance.connect(), await instance.connect()];
  writer = await instance.connect();
  await writer.run("create table orders as select 1 as order_key");
});

afterEach(() => {
  for (const connection of [...connections, writer]) connection.closeSync();
  instance.closeSync();
});

const count = async (connection: DuckDBConnection): Promise<number> =>
  Number((await (await connection.run("select count(*) from orders")).getRowsJS())[0]?.[0]);

it("begins on all connections when nobody comes between", async () => {
  expect(await beginTogether(connections)).toEqual(connections);
});

it("is not disturbed by a transaction that has begun before and goes on", async () => {
  await writer.run("begin");
  await writer.run("insert into orders values (2)");
  const begun = await beginTogether(connections);
  await writer.run("commit");
  expect(begun).toEqual(connections);
  expect(await Promise.all(begun.map(count))).toEqual([1, 1]);
});

it.each(["insert into orders values (2)", "commit"])("leaves out a connection that sees what came between by %s", async (between) => {
  if (between === "commit") await writer.run("begin; insert into orders values (2)");
  const [first, second] = connections as [DuckDBConnection, DuckDBConnection];
  const run: DuckDBConnection["run"] = async (sql, values, types) => {
    if (sql === "begin") await writer.run(between);
    return second.run(sql, values, types);
  };
  const late = Object.create(second, { run: { value: run } }) as DuckDBConnection;
  expect(await beginTogether([first, late])).toEqual([first]);
  expect([await count(first), await count(late)]).toEqual([1, 2]);
  await expect(late.run("commit")).rejects.toThrow("no transaction is active");
});

it("leaves no transaction open when one can't begin", async () => {
  const [first, second] = connections as [DuckDBConnection, DuckDBConnection];
  await second.run("begin");
  await expect(beginTogether([first, second])).rejects.toThrow("within a transaction");
  await expect(first.run("commit")).rejects.toThrow("no transaction is active");
});
