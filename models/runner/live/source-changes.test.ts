import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadProject } from "../load-project.ts";
import type { Project } from "../resources.ts";
import { writeProject } from "../testing.ts";
import { readSourceChanges } from "./source-changes.ts";

let connection: DuckDBConnection;
let project: Project;
let orders: string;

beforeEach(async () => {
  const instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run(`
    attach ':memory:' as mirror; create schema mirror.raw; create schema mirror.raw_changes; create schema mirror.meta;
    create table mirror.raw.orders (id integer, amount integer);
    create table mirror.raw_changes.orders (id integer, amount integer, _op varchar, _lsn ubigint, _commit_at timestamptz, _actor varchar, _seq bigint);
    create table mirror.meta.mirror_tables (name varchar, definition json);
    insert into mirror.meta.mirror_tables values ('orders', '{"key": ["id"]}')`);
  const projectDir = await writeProject({
    "models/sources.yml": "sources: [{name: crm, database: mirror, schema: raw, tables: [{name: orders}]}]",
    "models/stg_orders.sql": "select * from {{ source('crm', 'orders') }}",
  });
  project = await loadProject({ projectDir, target: { name: "kehu", catalog: "warehouse", schema: "main", threads: 1 }, vars: {} });
  [orders = ""] = project.sources.keys();
});

afterEach(() => connection.closeSync());

const log = (...rows: string[]): Promise<unknown> =>
  connection.run(`insert into mirror.raw_changes.orders values ${rows.map((row) => `(${row}, null, null, 0)`).join(", ")}`);
const rowsOf = async (relation: string | null | undefined): Promise<unknown> =>
  relation ? await (await connection.run(`select * from ${relation} order by all`)).getRowsJS() : relation;

it("knows the rows since a position, and each as it is now", async () => {
  await log("1, 10, 'insert', 4", "2, 20, 'insert', 5", "2, 21, 'update', 7", "3, 30, 'insert', 6", "3, null, 'delete', 7");
  const changes = await readSourceChanges(connection, project, ["orders"], "0/5");
  const changed = changes.rowsOf(orders);
  expect(await rowsOf(changed && `(select distinct id from ${changed})`)).toEqual([[2], [3]]);
  expect(await rowsOf(changes.latestOf(orders, "id"))).toEqual([[2, 21]]);
  expect(changes.latestOf(orders, "amount")).toBeNull();
});

it("takes the later of two versions of one transaction", async () => {
  await connection.run(
    "insert into mirror.raw_changes.orders values (1, 12, 'update', 9, null, null, 2), (1, 11, 'insert', 9, null, null, 1)",
  );
  const changes = await readSourceChanges(connection, project, ["orders"], "0/9");
  expect(await rowsOf(changes.latestOf(orders, "id"))).toEqual([[1, 12]]);
});

it("leaves what a comparison with the source found to the table itself", async () => {
  await log("1, 10, 'resync', 9");
  const changes = await readSourceChanges(connection, project, ["orders"], "0/5");
  expect(changes.rowsOf(orders)).toBeTypeOf("string");
  expect(changes.latestOf(orders, "id")).toBeNull();
});

it.each(["copy", "truncate"])("does not know what changed in a table after a %s", async (op) => {
  await log("1, 10, 'insert', 9", `null, null, '${op}', 9`);
  const changes = await readSourceChanges(connection, project, ["orders"], "0/5");
  expect(changes.rowsOf(orders)).toBeNull();
  expect(changes.latestOf(orders, "id")).toBeNull();
});

it("knows of no change where the log has none, and nothing without a position", async () => {
  await log("1, 10, 'insert', 4");
  expect((await readSourceChanges(connection, project, ["orders"], "0/5")).rowsOf(orders)).toBeUndefined();
  expect((await readSourceChanges(connection, project, ["orders"], null)).rowsOf(orders)).toBeNull();
});
