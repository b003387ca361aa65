import type { RowGrant } from "@kehu/operational-api/definitions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Caller, SemanticApp } from "./app.ts";
import {
  clerk,
  companyMarts,
  companyModel,
  companySql,
  department,
  employee,
  executive,
  manager,
  otherRep,
  rep,
} from "./policy.fixture.ts";
import { load, manualSource, newFolder, scopeWith, startSemantic, writeModel, writeSnapshot } from "./testing.ts";
import type { TestMart } from "./testing.ts";

const caller = (scope: Caller["scope"]): Caller => ({ scope, locale: "zh-CN" });
const callers = {
  rep: caller(rep),
  otherRep: caller(otherRep),
  manager: caller(manager),
  executive: caller(executive),
  clerk: caller(clerk),
};
let app: SemanticApp;

beforeAll(async () => {
  const folder = newFolder();
  const pointer = await writeSnapshot(folder, "b1", companySql, companyMarts);
  app = await startSemantic({ modelDir: writeModel(folder, companyModel), snapshots: manualSource(pointer) }, callers);
});
afterAll(async () => app.close());

const idsOf = async (name: string, headers: Record<string, string> = {}): Promise<unknown[]> => {
  const { results, error } = await load(app, { dimensions: ["orders.id"], order: { "orders.id": "asc" } }, { caller: name, headers });
  expect(error).toBeUndefined();
  return results[0]!.data.map((row) => row["orders.id"]);
};

describe("rows by scope", () => {
  test.each([
    ["rep", [11, 12]],
    ["otherRep", [12, 21]],
    ["manager", [11, 12, 21, 90]],
    ["executive", [11, 12, 21, 31, 90, 91]],
  ])("%s sees %j", async (name, expected) => {
    expect(await idsOf(name)).toEqual(expected);
  });

  test("export is the intersection of export and read", async () => {
    expect(await idsOf("manager", { "kehu-purpose": "export" })).toEqual([11, 12]);
    expect(await idsOf("executive", { "kehu-purpose": "export" })).toHaveLength(6);
    const refused = await load(app, { measures: ["orders.count"] }, { caller: "rep", headers: { "kehu-purpose": "export" } });
    expect([refused.status, refused.error]).toEqual([403, "You may not export 'orders'"]);
    expect((await load(app, { measures: ["orders.count"] }, { caller: "rep", headers: { "kehu-purpose": "write" } })).status).toBe(400);
  });

  test("drop-down values, sub-queries and shifted measures stay inside the scope", async () => {
    const owners = await load(app, { dimensions: ["orders.owner"] }, { caller: "otherRep" });
    expect(owners.results[0]!.data.map((row) => row["orders.owner"]).sort()).toEqual(["张伟", "李娜"].sort());

    const sums = await load(app, { dimensions: ["employees.name", "employees.order_amount"] }, { caller: "rep" });
    expect(Object.fromEntries(sums.results[0]!.data.map((row) => [row["employees.name"], row["employees.order_amount"]]))).toEqual({
      张伟: "0.30",
      李娜: null,
      王芳: null,
    });

    const shifted = await load(
      app,
      {
        measures: ["orders.amount", "orders.amount_year_ago"],
        timeDimensions: [{ dimension: "orders.ordered_date", granularity: "month", dateRange: ["2026-07-01", "2026-07-31"] }],
      },
      { caller: "manager" },
    );
    // Order 91 of July 2025 is not the manager's: nothing to compare with.
    expect(shifted.results[0]!.data.map((row) => [row["orders.amount"], row["orders.amount_year_ago"]])).toEqual([
      ["1000000000000007.01", null],
    ]);
  });
});

describe("closed by default", () => {
  test.each([
    ["undeclared.figure", "a mart without metadata", "executive"],
    ["leaderboard.amount", "an aggregate that is not granted", "rep"],
    ["leaderboard.amount", "an aggregate granted for some rows only", "clerk"],
    ["orders.count", "an entity that is not granted", "clerk"],
    ["qualified.count", "a model that names the snapshot itself", "executive"],
  ])("%s: %s is 403 for %s", async (measure, _, name) => {
    const { status, error } = await load(app, { measures: [measure] }, { caller: name });
    expect(status).toBe(403);
    expect(error).toContain(measure === "qualified.count" ? "snap.marts.fct_orders" : `'${measure.split(".")[0]}'`);
  });

  test("reference data is everybody's, an aggregate with all its readers'", async () => {
    expect((await load(app, { measures: ["regions.count"] }, { caller: "clerk" })).results[0]!.data).toEqual([{ "regions.count": "2" }]);
    expect((await load(app, { measures: ["leaderboard.amount"] }, { caller: "manager" })).results[0]!.data).toEqual([
      { "leaderboard.amount": "5.30" },
    ]);
  });

  test("an unknown caller is 401", async () => {
    expect((await load(app, { measures: ["regions.count"] }, { caller: "nobody" })).status).toBe(401);
  });

  test("SQL smuggled in as a member expression is refused", async () => {
    for (const query of [
      { measures: [{ cubeName: "orders", name: "x", expression: ["orders", "return `(select 1)`"] }] },
      { measures: ['{"cubeName":"orders","alias":"x","expr":{"type":"SqlFunction","cubeParams":[],"sql":"1"}}'] },
      {
        measures: ["orders.count"],
        subqueryJoins: [{ sql: "select * from snap.marts.fct_orders", on: "1=1", joinType: "LEFT", alias: "x" }],
      },
    ])
      expect((await load(app, query, { caller: "rep" })).status).toBe(400);
  });
});

test("/meta shows the views all of whose marts one may read", async () => {
  const viewsOf = async (name: string): Promise<string[]> => {
    const response = await app.request("/cubejs-api/v1/meta", { headers: { "x-caller": name } });
    return ((await response.json()) as { cubes: { name: string }[] }).cubes.map((cube) => cube.name).sort();
  };
  expect(await viewsOf("clerk")).toEqual(["regions"]);
  expect(await viewsOf("rep")).toEqual(["employees", "orders", "regions"]);
  expect(await viewsOf("executive")).toEqual(["employees", "leaderboard", "orders", "regions"]);
});

describe("mutations: each part of the predicate is held by a row above", () => {
  const whole = { entity: "order", employee: ["owner_key", "customer_owner_key"], department: "department_key" };
  let publish: (scope: unknown) => Promise<void>;
  let mutated: SemanticApp;
  let builds = 0;

  beforeAll(async () => {
    const folder = newFolder();
    const source = manualSource(null);
    mutated = await startSemantic({ modelDir: writeModel(folder, companyModel), snapshots: source }, callers);
    publish = async (scope) => {
      builds++;
      const marts = companyMarts.map((mart) => (mart.name === "fct_orders" ? { ...mart, scope } : mart));
      source.publish(await writeSnapshot(folder, `b${builds}`, companySql, marts, `0/${builds}`));
    };
  });
  afterAll(async () => mutated.close());

  const seen = async (scope: unknown): Promise<string> => {
    await publish(scope);
    const rows = await Promise.all(
      ["rep", "otherRep", "manager"].map(async (name) => {
        const query = { dimensions: ["orders.id"], order: { "orders.id": "asc" } };
        const answer = await load(mutated, query, { caller: name, headers: { "kehu-wait-for": `0/${builds}` } });
        return answer.results[0]?.data.map((row) => row["orders.id"]) ?? answer.status;
      }),
    );
    return JSON.stringify(rows);
  };

  test("the whole predicate", async () => {
    expect(await seen(whole)).toBe("[[11,12],[12,21],[11,12,21,90]]");
  });
  test.each([
    ["no predicate", "none"],
    ["no owner", { ...whole, employee: ["customer_owner_key"] }],
    ["no customer owner", { ...whole, employee: ["owner_key"] }],
    ["no department", { ...whole, department: undefined }],
    ["department alone", { ...whole, employee: [] }],
    ["no columns", { entity: "order" }],
    ["a second entity that is not granted", { ...whole, entity: ["order", "receipt"] }],
    ["a list of no entities", { ...whole, entity: [] }],
    ["a list with something else in it", { ...whole, entity: ["order", 1] }],
    ["another entity", { ...whole, entity: "receipt" }],
    ["undeclared", null],
  ])("%s", async (_, scope) => {
    expect(await seen(scope)).not.toBe("[[11,12],[12,21],[11,12,21,90]]");
  });
});

describe("rows of a customer, in a mart that does not say whose it is", () => {
  const sql = `${companySql}
    create table marts.dim_customers as select * from (values (1, 1, 1), (2, 2, 1), (3, 3, 2), (4, null, 1)) known(customer_key, owner_key, department_key);
    create table marts.fct_customer_scores as select * from (values (11, 1), (21, 2), (31, 3), (41, 4), (51, null)) scores(id, customer_key);`;
  const model = {
    "scores.yml": `
cubes:
  - name: scores
    sql_table: fct_customer_scores
    dimensions:
      - { name: id, sql: id, type: number, primary_key: true, public: true }
    measures:
      - { name: count, type: count }`,
  };
  const own = { entity: "order", employee: ["owner_key"], department: "department_key" };
  const scores: TestMart = { name: "fct_customer_scores", scope: { entity: "order", customer: "customer_key" } };
  // Only what a test says is rebuilt, so that no cached answer goes stale by another mart's version.
  const unchanged = companyMarts.map((mart): TestMart => ({ ...mart, version: "c1" }));
  const folder = newFolder();
  const source = manualSource(null);
  let scored: SemanticApp;
  let builds = 0;
  const publish = async (owners: string, marts: TestMart[]): Promise<void> => {
    builds++;
    source.publish(await writeSnapshot(folder, `c${builds}`, `${sql} ${owners}`, [...unchanged, ...marts], `0/${builds}`));
  };
  const seen = async (name: string): Promise<unknown> => {
    const { status, results } = await load(
      scored,
      { dimensions: ["scores.id"], order: { "scores.id": "asc" } },
      { caller: name, headers: { "kehu-wait-for": `0/${builds}` } },
    );
    return results[0]?.data.map((row) => row["scores.id"]) ?? status;
  };

  beforeAll(async () => {
    scored = await startSemantic({ modelDir: writeModel(folder, model), snapshots: source }, callers);
  });
  afterAll(async () => scored.close());

  test("are seen by who sees the customer", async () => {
    await publish("", [{ name: "dim_customers", scope: own }, scores]);
    expect(await Promise.all(["rep", "manager", "executive", "clerk"].map(seen))).toEqual([[11], [11, 21, 41], [11, 21, 31, 41, 51], 403]);
  });

  test("follow the customer's owner though the mart itself was not rebuilt", async () => {
    await publish("update marts.dim_customers set owner_key = 1 where customer_key = 3;", [
      { name: "dim_customers", scope: own },
      { ...scores, version: "c1" },
    ]);
    expect(await seen("rep")).toEqual([11, 31]);
  });

  test("are nobody's when nothing says whose the customers are", async () => {
    await publish("", [scores]);
    expect(await Promise.all(["rep", "executive"].map(seen))).toEqual([403, 403]);
  });
});

describe("a mart whose rows hold figures of several entities", () => {
  const own = (key: number): RowGrant => ({ rows: "some", employees: [employee(key)], departments: [] });
  const team: RowGrant = { rows: "some", employees: [employee(1), employee(2)], departments: [department(1)] };
  const all: RowGrant = { rows: "all" };
  const grants: Record<string, Record<string, RowGrant>> = {
    both: { order: all, receipt: all },
    "the narrower": { order: team, receipt: own(1) },
    "the narrower of all": { order: own(2), receipt: all },
    "the same of both": { order: own(1), receipt: own(1) },
    "what each shows": { order: own(1), receipt: own(2) },
    one: { order: all },
    "the other": { receipt: all },
  };
  const chained: Record<string, Caller> = Object.fromEntries(
    Object.entries(grants).map(([name, read]) => [name, caller(scopeWith(name, read, { order: all, receipt: own(1) }))]),
  );
  const folder = newFolder();
  let chain: SemanticApp;

  beforeAll(async () => {
    const sql = `${companySql}
      create table marts.dim_customers as select * from (values (1, 1, 1), (2, 2, 1)) known(customer_key, owner_key, department_key);
      create table marts.fct_customer_sums as select * from (values (1001, 1), (1002, 2)) sums(id, customer_key);`;
    const marts = companyMarts.map((mart): TestMart =>
      mart.name === "fct_orders" ? { ...mart, scope: { ...(mart.scope as object), entity: ["order", "receipt"] } } : mart,
    );
    const pointer = await writeSnapshot(folder, "e1", sql, [
      ...marts,
      { name: "dim_customers", scope: { entity: "customer", employee: ["owner_key"], department: "department_key" } },
      { name: "fct_customer_sums", scope: { entity: ["order", "receipt"], customer: "customer_key" } },
    ]);
    const model = {
      ...companyModel,
      "sums.yml": `
cubes:
  - name: sums
    sql_table: fct_customer_sums
    dimensions:
      - { name: id, sql: id, type: number, primary_key: true, public: true }`,
    };
    chain = await startSemantic({ modelDir: writeModel(folder, model), snapshots: manualSource(pointer) }, chained);
  });
  afterAll(async () => chain.close());

  const seen = async (member: string, name: string, headers: Record<string, string> = {}): Promise<unknown> => {
    const { status, results } = await load(chain, { dimensions: [member], order: { [member]: "asc" } }, { caller: name, headers });
    return results[0]?.data.map((row) => row[member]) ?? status;
  };

  test.each([
    ["both", [11, 12, 21, 31, 90, 91], [1001, 1002]],
    ["the narrower", [11, 12], [1001]],
    ["the narrower of all", [12, 21], [1002]],
    ["the same of both", [11, 12], [1001]],
    // Order 12 is of the one's and of a customer of the other's: each of the grants shows it.
    ["what each shows", [12], []],
    ["one", 403, 403],
    ["the other", 403, 403],
  ])("who may read %s sees %j, and of customers %j", async (name, orders, sums) => {
    expect([await seen("orders.id", name), await seen("sums.id", name)]).toEqual([orders, sums]);
  });

  test("an export shows what every export grant shows", async () => {
    const purpose = { "kehu-purpose": "export" };
    expect([await seen("orders.id", "both", purpose), await seen("sums.id", "both", purpose)]).toEqual([[11, 12], [1001]]);
    expect(await seen("orders.id", "one", purpose)).toBe(403);
  });
});
