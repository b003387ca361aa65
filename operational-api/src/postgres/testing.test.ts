import { Client } from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "./testing.ts";

test("databases are apart and empty, and dropping one takes its slots and connections with it", async () => {
  const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const client = new Client({ connectionString: first.url });
  client.on("error", () => {}); // it is about to be cut off
  await client.connect();
  const name = new URL(first.url).pathname.slice(1);
  await client.query("create table only_here ()");
  await client.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [`${name}_slot`]);
  await first.drop();

  const other = new Client({ connectionString: second.url });
  await other.connect();
  expect((await other.query("select to_regclass('only_here') as found")).rows).toEqual([{ found: null }]);
  expect((await other.query("select from pg_replication_slots where slot_name = $1", [`${name}_slot`])).rowCount).toBe(0);
  expect((await other.query("select from pg_database where datname = $1", [name])).rowCount).toBe(0);
  await other.end();
  await second.drop();
});
