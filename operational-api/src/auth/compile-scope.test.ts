import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entities } from "../entities/index.ts";
import { compileScope } from "./compile-scope.ts";
import { actions, grantFor, type RowGrant, type Scope } from "./scope.ts";
import { migrateAuth } from "./migrate.ts";
import { installScopeTriggers } from "./tables.ts";
import { createTestAuth, testAuthConfig, type TestAuth, type TestCompany } from "./testing.ts";

let setup: TestAuth;
let people: TestCompany["employees"];
let places: TestCompany["departments"];
const binding = ["contract", "order", "order_line", "instalment", "receipt"];
const documents = ["customer", "contact", "customer_event", "lead", "opportunity", "activity", ...binding];
const definitions = ["value_criterion", "value_tier", "churn_definition"];
const references = [
  "department",
  "employee",
  "product_category",
  "product",
  "pipeline_stage",
  "close_reason",
  "exchange_rate",
  "company_setting",
  ...definitions,
];
const none: RowGrant = { rows: "none" };
const all: RowGrant = { rows: "all" };
const some = (employees: string[], departments: string[]): RowGrant => ({
  rows: "some",
  employees: employees.sort(),
  departments: departments.sort(),
});
const scopeOf = (userId: string): Promise<Scope> => compileScope(setup.auth.pool, userId);

beforeAll(async () => {
  setup = await createTestAuth();
  people = setup.company.employees;
  places = setup.company.departments;
});
afterAll(() => setup.close());

describe("default roles", () => {
  test("an administrator may do everything", async () => {
    const scope = await scopeOf(await setup.user("admin@example.com", ["administrator"]));
    for (const action of actions)
      for (const entity of [...entities.map(({ name }) => name), "leaderboard"]) expect(grantFor(scope, action, entity)).toEqual(all);
  });

  test.each(["executive", "analyst"] as const)("%s reads and exports everything and writes no record", async (role) => {
    const scope = await scopeOf(await setup.user(`${role}@example.com`, [role]));
    for (const entity of [...entities.map(({ name }) => name), "leaderboard"]) {
      expect(grantFor(scope, "read", entity)).toEqual(all);
      expect(grantFor(scope, "export", entity)).toEqual(all);
      const decided = role === "executive" && definitions.includes(entity);
      for (const action of ["create", "update", "delete"] as const) expect(grantFor(scope, action, entity)).toEqual(decided ? all : none);
      expect(grantFor(scope, "backdate", entity)).toEqual(none);
    }
  });

  test("a sales manager has the own department and those below, with whoever left it", async () => {
    const nora = some([people.nora, people.ned, people.nick, people.lars], [places.north]);
    const scope = await scopeOf(await setup.user("nora@example.com", ["sales_manager"], people.nora));
    for (const entity of documents)
      for (const action of ["read", "create", "update", "delete", "export"] as const) expect(grantFor(scope, action, entity)).toEqual(nora);
    expect(grantFor(scope, "read", "target")).toEqual(nora);
    expect(grantFor(scope, "update", "target")).toEqual(none);
    expect(grantFor(scope, "read", "leaderboard")).toEqual(all);
    for (const entity of references) {
      expect(grantFor(scope, "read", entity)).toEqual(all);
      expect(grantFor(scope, "update", entity)).toEqual(none);
    }
    for (const entity of documents) expect(grantFor(scope, "backdate", entity)).toEqual(none);
  });

  test("a manager higher up has the tree, and not the department beside it", async () => {
    const scope = await scopeOf(await setup.user("boss@example.com", ["sales_manager"], people.boss));
    const { boss, nora, ned, nick, sara, lars } = people;
    expect(grantFor(scope, "read", "order")).toEqual(some([boss, nora, ned, nick, sara, lars], [places.sales, places.north, places.south]));
  });

  test("a rep has own rows only, and deletes no contract, order or receipt", async () => {
    const own = some([people.ned], []);
    const scope = await scopeOf(await setup.user("ned@example.com", ["sales_rep"], people.ned));
    for (const entity of documents)
      for (const action of ["read", "create", "update", "export"] as const) expect(grantFor(scope, action, entity)).toEqual(own);
    expect(grantFor(scope, "delete", "customer")).toEqual(own);
    for (const entity of [...binding, "target"]) expect(grantFor(scope, "delete", entity)).toEqual(none);
    expect(grantFor(scope, "read", "target")).toEqual(own);
    expect(grantFor(scope, "read", "leaderboard")).toEqual(all);
    expect(grantFor(scope, "read", "product")).toEqual(all);
  });
});

test("a company that exists gets the default rights to what a version adds, and keeps its own for the rest", async () => {
  const { client, url } = setup;
  const rows = async (entity: string): Promise<number> =>
    (await client.query("select from auth.permissions where role = 'sales_rep' and entity = $1", [entity])).rowCount ?? 0;
  const [contracts, leads] = [await rows("contract"), await rows("lead")];
  expect(contracts).toBeGreaterThan(0);
  await client.query("drop table auth.known_subjects; delete from auth.permissions where entity in ('contract', 'lead')");
  await migrateAuth(url, testAuthConfig);
  expect([await rows("contract"), await rows("lead")]).toEqual([contracts, 0]);
  await client.query("delete from auth.permissions where entity = 'contract'");
  await migrateAuth(url, testAuthConfig);
  expect(await rows("contract")).toBe(0);
  await client.query("drop table auth.known_subjects, auth.permissions");
  await migrateAuth(url, testAuthConfig);
  await installScopeTriggers(client);
  expect([await rows("contract"), await rows("lead")]).toEqual([contracts, leads]);
});

describe("closed by default", () => {
  const empty = { roles: [], employeeId: null, grants: Object.fromEntries(actions.map((action) => [action, {}])) };

  test("an unknown user, one without a role, a stopped one and one whose employee left have nothing", async () => {
    expect(await scopeOf("00000000-0000-4000-8000-000000000000")).toMatchObject(empty);
    expect(await scopeOf("no uuid at all")).toMatchObject(empty);
    expect((await scopeOf(await setup.user("nobody@example.com", []))).grants).toEqual(empty.grants);
    expect(await scopeOf(await setup.user("lars@example.com", ["sales_manager"], people.lars))).toMatchObject(empty);
    const stopped = await setup.user("stopped@example.com", ["administrator"]);
    await setup.client.query("update auth.holders set active = false where user_id = $1", [stopped]);
    expect(await scopeOf(stopped)).toMatchObject(empty);
  });

  test("a role by employee gives no documents to a user who is none", async () => {
    const scope = await scopeOf(await setup.user("external@example.com", ["sales_rep", "sales_manager"]));
    for (const entity of documents) expect(grantFor(scope, "read", entity)).toEqual(none);
    expect(grantFor(scope, "read", "product")).toEqual(all);
  });
});

describe("row scopes and unions", () => {
  const withRows = async (email: string, employeeId: string, rows: string): Promise<RowGrant> => {
    await setup.client.query("update auth.permissions set rows = $1 where role = 'sales_rep' and entity = 'lead' and action = 'read'", [
      rows,
    ]);
    try {
      return grantFor(await scopeOf(await setup.user(email, ["sales_rep"], employeeId)), "read", "lead");
    } finally {
      await setup.client.query("update auth.permissions set rows = 'own' where role = 'sales_rep' and entity = 'lead' and action = 'read'");
    }
  };

  test("subordinates: the reporting tree, and departments that consist of it", async () => {
    const { boss, nora, ned, nick, sara, lars } = people;
    expect(await withRows("tree@example.com", boss, "subordinates")).toEqual(
      some([boss, nora, ned, nick, sara, lars], [places.sales, places.north, places.south]),
    );
    expect(await withRows("leaf@example.com", ned, "subordinates")).toEqual(some([ned], []));
  });

  test("department: without the departments below", async () => {
    expect(await withRows("flat@example.com", people.boss, "department")).toEqual(some([people.boss], [places.sales]));
  });

  test("several roles are a union, export stays within read", async () => {
    const both = await scopeOf(await setup.user("both@example.com", ["sales_rep", "analyst"], people.sara));
    expect(grantFor(both, "read", "order")).toEqual(all);
    expect(grantFor(both, "update", "order")).toEqual(some([people.sara], []));
    await setup.client.query(
      "update auth.permissions set rows = 'all' where role = 'sales_rep' and entity = 'contact' and action = 'export'",
    );
    const rep = await scopeOf(await setup.user("exporter@example.com", ["sales_rep"], people.sara));
    expect(grantFor(rep, "export", "contact")).toEqual(some([people.sara], []));
  });

  test("trees with a cycle come to an end", async () => {
    const { client, company } = setup;
    await client.query("update crm.employees set manager_id = $1 where id = $2", [people.fred, people.fred]);
    await client.query("update crm.departments set parent_id = $1 where id = $2", [
      company.departments.finance,
      company.departments.finance,
    ]);
    const scope = await scopeOf(await setup.user("fred@example.com", ["sales_manager"], people.fred));
    expect(grantFor(scope, "read", "order")).toEqual(some([people.fred], [places.finance]));
  });
});

describe("versions and changes", () => {
  test("equal content has one version, any change another", async () => {
    const user = await setup.user("version@example.com", ["sales_manager"], people.sara);
    const before = await scopeOf(user);
    expect((await scopeOf(user)).version).toBe(before.version);
    await setup.client.query("insert into crm.employees (name, department_id) values ('new', $1)", [places.south]);
    expect((await scopeOf(user)).version).not.toBe(before.version);
  });

  test.each([
    ["a permission", "update auth.permissions set rows = 'all' where role = 'sales_rep' and entity = 'customer' and action = 'read'"],
    ["a role", "insert into auth.user_roles select user_id, 'executive' from auth.holders where user_id = $1"],
    ["an account", "update auth.holders set active = false where user_id = $1"],
  ])("a change of %s is seen at once by who asks again", async (name, change) => {
    const user = await setup.user(`${name.replace(" ", "")}@example.com`, ["sales_rep"], people.nick);
    const before = await setup.auth.scopeOf(user);
    await setup.client.query(change, change.includes("$1") ? [user] : []);
    // Well below the time a scope is kept: only the notice explains the new one.
    await expect.poll(async () => (await setup.auth.scopeOf(user)).version, { timeout: 2_000, interval: 20 }).not.toBe(before.version);
  });

  test.each([
    ["a permission", "update auth.permissions set rows = rows where role = 'analyst'", 1],
    ["an account", "update auth.holders set active = active", 1],
    ["a role", "delete from auth.user_roles where role = 'analyst'", 1],
    // As requests write: by a role that has no rights in schema auth.
    ["an employee's place", "set role kehu_app; update crm.employees set status = 'left' where name = 'nick'; reset role", 1],
    ["an employee's mobile", "update crm.employees set mobile = '1' where name = 'nick'", 0],
    ["a department's place", "update crm.departments set parent_id = null where name = 'south'", 1],
    ["a department's name", "update crm.departments set name = 'south' where name = 'south'", 0],
  ])("the database tells of %s, once per statement", async (_name, change, notices) => {
    const { client } = setup;
    const heard: string[] = [];
    const hear = ({ channel }: { channel: string }): unknown => heard.push(channel);
    client.on("notification", hear);
    await client.query("listen kehu_scope");
    await client.query(change);
    await client.query("unlisten kehu_scope"); // one's own notices come before the answer to the next command
    client.off("notification", hear);
    expect(heard).toHaveLength(notices);
  });
});

test("O2: a company from before rules had dimensions keeps its rules, and gets what came with them", async () => {
  const { client, url } = setup;
  await client.query(`
    drop table auth.column_rules, auth.permissions;
    alter table auth.user_roles drop constraint user_roles_role_fkey;
    alter table auth.demo_accounts drop constraint demo_accounts_role_fkey;
    drop table auth.roles;
    create table auth.permissions (
      role text not null check (role in ('administrator', 'executive', 'sales_manager', 'sales_rep', 'analyst')),
      entity text not null,
      action text not null check (action in ('read', 'create', 'update', 'delete', 'export', 'backdate')),
      rows text not null check (rows in ('own', 'subordinates', 'department', 'department_and_below', 'all')),
      primary key (role, entity, action)
    );
    insert into auth.permissions values ('sales_rep', 'lead', 'read', 'department'), ('administrator', '*', 'read', 'all')`);
  await migrateAuth(url, testAuthConfig);
  await migrateAuth(url, testAuthConfig);
  const rulesOf = async (role: string): Promise<string[]> =>
    (
      await client.query<{ rule: string }>(
        "select entity || ' ' || action || ' ' || rows as rule from auth.permissions where role = $1 order by 1",
        [role],
      )
    ).rows.map(({ rule }) => rule);
  expect(await rulesOf("sales_rep")).toEqual(["lead read department"]);
  expect(await rulesOf("sales_manager")).toEqual(["order approve department_and_below"]);
  expect((await rulesOf("administrator")).toSorted()).toEqual(
    ["* approve all", "* read all", "audit_trail read all", "see_as read all"].toSorted(),
  );
  expect(await rulesOf("finance")).toContain("receipt create all");
  const { rows } = await client.query(
    "select visibility, whose from auth.column_rules where role = 'sales_rep' and column_name = 'mobile'",
  );
  expect(rows).toEqual([
    { visibility: "mask", whose: "others" },
    { visibility: "mask", whose: "others" },
  ]);
});
