import { mkdirSync, writeFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { companyMarts, companySql } from "../policy.fixture.ts";
import { newFolder, writeSnapshot } from "../testing.ts";
import { openPrivate, type PrivateDatabase } from "./database.ts";
import { scalarFunctions, tableFunctions } from "./functions.ts";
import { hostileSql } from "./hostile-sql.ts";
import { startCompany, type Company } from "./testing.ts";

const secret = "a line of a file on the server";
let file: string;
let company: Company;

beforeAll(async () => {
  file = join(tmpdir(), `kehu-hostile-${process.pid}.csv`);
  writeFileSync(file, `${secret}\n1\n`);
  company = await startCompany();
});
afterAll(async () => company.app.close());

/** Two ways a database is made: a copy, and the snapshot itself. */
const callers = ["rep", "executive"];

describe.each(Object.entries(hostileSql))("%s", (_, statements) => {
  test("has ten statements at least", () => expect(statements.length).toBeGreaterThanOrEqual(10));

  test.each(callers)("nothing gets through for the %s", async (who) => {
    const through: string[] = [];
    for (const statement of statements) {
      const answer = await company.ask(who, statement.replaceAll("FILE", file));
      if (answer.status === 200 || answer.status >= 500) through.push(`${answer.status} ${statement}`);
      if (JSON.stringify(answer.rows ?? "").includes(secret) || answer.detail?.includes(secret))
        through.push(`shows the file: ${statement}`);
    }
    expect(through).toEqual([]);
  });
});

describe("a private database is closed by itself, without the reading of statements in front", () => {
  let database: PrivateDatabase;
  beforeAll(async () => {
    const folder = newFolder();
    const { file: snapshot } = await writeSnapshot(folder, "b1", companySql, companyMarts);
    const views = [
      { name: "fct_orders", sql: "create temp view fct_orders as select * from snap.marts.fct_orders where owner_key in (1)" },
    ];
    const spill = join(folder, "spill");
    mkdirSync(spill);
    database = await openPrivate({ file: snapshot, views, mode: "copy", memoryMiB: 256, threads: 1, spill, spillMiB: 64 });
  });
  afterAll(() => database.close());

  test.each([
    ...hostileSql["files"]!,
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set memory_limit = '100GB'",
    "load httpfs",
    "install httpfs",
    "attach 'FILE' as other",
    "select * from snap.marts.fct_orders",
    "select * from snap.meta.marts",
    "select * from fct_undeclared",
  ])("%s", async (statement) => {
    await expect(database.withConnection((connection) => connection.runAndReadAll(statement.replaceAll("FILE", file)))).rejects.toThrow();
  });

  test("holds the caller's rows and nothing else", async () => {
    const read = async (sql: string): Promise<unknown> =>
      database.withConnection(async (connection) => (await connection.runAndReadAll(sql)).getRowsJson());
    expect(await read("select order_key from fct_orders order by 1")).toEqual([[11], [12]]);
    expect(await read("select database_name from duckdb_databases() where not internal")).toEqual([["memory"]]);
    expect(await read("select table_name from duckdb_tables() union select view_name from duckdb_views() where not internal")).toEqual([
      ["fct_orders"],
    ]);
  });
});

test("every function of DuckDB that is not on the list is refused, and every one on it exists", async () => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const rows = (
    await connection.runAndReadAll(
      "select distinct function_name, function_type like 'table%' from duckdb_functions() where function_type <> 'pragma'",
    )
  ).getRowsJson() as [string, boolean][];
  connection.closeSync();
  const known = new Set(rows.map(([name]) => name));
  // Made by the parser, not in the list of functions.
  const ofParser = new Set(["->", "lag", "lead", "json_each", "json_tree"]);
  expect([...scalarFunctions, ...tableFunctions].filter((name) => !known.has(name) && !ofParser.has(name))).toEqual([]);
  const unlisted = rows.filter(
    ([name, isTable]) => (isTable ? !tableFunctions.has(name) : !scalarFunctions.has(name)) && /^[a-z]/.test(name),
  );
  expect(unlisted.length).toBeGreaterThan(100);
  const through: string[] = [];
  for (const [name, isTable] of unlisted) {
    if (isTable ? scalarFunctions.has(name) : tableFunctions.has(name)) continue;
    const { status } = await company.ask("executive", isTable ? `select * from "${name}"()` : `select "${name}"()`);
    if (status !== 403) through.push(`${status} ${name}`);
  }
  expect(through).toEqual([]);
});
