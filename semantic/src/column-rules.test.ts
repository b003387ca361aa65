import type { ColumnAccess } from "@kehu/operational-api";
import type { RowGrant, Scope } from "@kehu/operational-api/definitions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Caller, SemanticApp } from "./app.ts";
import { catalogueColumn, catalogueNode, catalogueSql } from "./catalogue.fixture.ts";
import { createColumnOrigins } from "./column-origins.ts";
import { employee } from "./policy.fixture.ts";
import { load, manualSource, newFolder, scopeWith, startSemantic, writeModel, writeSnapshot } from "./testing.ts";

/** Orders of employees 1 and 2, made of crm.orders and crm.order_lines as the catalogue says. */
const sql = `
  create table marts.dim_employees as select key::integer as employee_key, ('00000000-0000-7000-8000-00000000000' || key)::uuid as employee_id
    from (values (1), (2)) people(key);
  create table marts.dim_departments as select 1 as department_key, uuid() as department_id;
  create table marts.dim_customers as select * from (values (1, 1, 'reseller', '上海'), (2, 2, 'reseller', '江苏'), (3, null, 'partner', '上海'))
    customers(customer_key, owner_key, kind, region);
  create table marts.dim_products as select * from (values (1, '00000000-0000-7000-a000-000000000001'::uuid), (2, '00000000-0000-7000-a000-000000000002'::uuid))
    products(product_key, product_id);
  create table marts.fct_order_lines as select * from (values (11, 1, 1), (12, 2, 1), (21, 1, 2)) lines(order_key, product_key, owner_key);
  create table marts.fct_activities as select * from (values (1, 2)) dealings(owner_key, customer_key);
  create table marts.fct_orders as select * from (values (11, 1, 1, 'A-11', 'first note', 10.00, 4.00, '上海'), (12, 1, 3, 'A-12', 'second', 20.00, 5.00, '上海'),
    (21, 2, 2, 'B-21', 'third note', 30.00, 9.00, '江苏')) orders(order_key, owner_key, customer_key, number, note, amount, cost_amount, secret);`;

const plain = (name: string, ...columns: string[]): object =>
  catalogueNode(
    name,
    columns.map((each) => catalogueColumn(each, "identity", `crm.seen.row_key`)),
  );
const nodes = [
  catalogueNode(
    "crm.orders",
    [catalogueColumn("number", "constant"), catalogueColumn("note", "constant"), catalogueColumn("discount", "constant")],
    "source",
  ),
  catalogueNode("crm.order_lines", [catalogueColumn("unit_cost", "constant")], "source"),
  catalogueNode("crm.seen", [], "seed"),
  plain("dim_employees", "employee_key", "employee_id"),
  plain("dim_departments", "department_key", "department_id"),
  plain("dim_customers", "customer_key", "owner_key", "kind", "region"),
  plain("dim_products", "product_key", "product_id"),
  plain("fct_order_lines", "order_key", "product_key", "owner_key"),
  plain("fct_activities", "owner_key", "customer_key"),
  catalogueNode("fct_orders", [
    ...["order_key", "owner_key", "customer_key"].map((each) => catalogueColumn(each, "identity", "crm.seen.row_key")),
    catalogueColumn("number", "identity", "crm.orders.number"),
    catalogueColumn("note", "renamed", "crm.orders.note"),
    catalogueColumn("amount", "derived", "crm.orders.discount"),
    catalogueColumn("cost_amount", "aggregated", "crm.order_lines.unit_cost"),
  ]),
];

const dimension = (name: string, type = "string", more = ""): string => `
      - { name: ${name}, sql: ${name}, type: ${type}, title: ${name}${more} }`;
const model = {
  "orders.yml": `
cubes:
  - name: orders_base
    sql_table: fct_orders
    public: false
    dimensions:${dimension("order_key", "number", ", primary_key: true, public: true")}${dimension("number")}${dimension("note")}${dimension("secret")}
    measures:
      - { name: count, type: count, title: count }
      - { name: amount, sql: amount, type: sum, title: amount }
      - { name: cost, sql: cost_amount, type: sum, title: cost }
      - { name: margin, sql: "{amount} - {cost}", type: number, title: margin }
views:
  - name: orders
    title: orders
    cubes: [{ join_path: orders_base, includes: "*" }]
`,
};
const owned = { entity: "order", employee: ["owner_key"] };
const marts = [
  { name: "dim_employees", scope: "none" },
  { name: "dim_departments", scope: "none" },
  { name: "dim_products", scope: "none" },
  { name: "dim_customers", scope: { entity: "customer", employee: ["owner_key"] } },
  { name: "fct_order_lines", scope: owned },
  { name: "fct_activities", scope: { entity: "activity", employee: ["owner_key"] } },
  { name: "fct_orders", scope: owned },
];

const all: RowGrant = { rows: "all" };
const hide: ColumnAccess = { own: "hide", others: "hide" };
const mask: ColumnAccess = { own: "mask", others: "mask" };
const who = (order: RowGrant, columns: Scope["columns"] = {}, employeeId: string | null = null): Caller => ({
  scope: { ...scopeWith("v", { order }), columns, employeeId },
  locale: "zh-CN",
});
const term = (one: object): RowGrant => ({ rows: "some", employees: [], departments: [], terms: [one] });
const callers: Record<string, Caller> = {
  whole: who(all),
  masked: who(all, { order: { note: mask } }),
  "masked to others": who(all, { order: { note: { own: "show", others: "mask" } } }, employee(1)),
  "masked to the others": who(all, { order: { note: { own: "show", others: "mask" } } }, employee(2)),
  "without cost": who(all, { order_line: { unit_cost: hide } }),
  "without discount of others": who(all, { order: { discount: { own: "show", others: "hide" } } }, employee(1)),
  "without note": who(all, { order: { note: hide } }),
  pool: who(term({ pool: true })),
  resellers: who(term({ customers: { kind: ["reseller"], province: ["江苏"] } })),
  related: who(term({ related: [employee(1)] })),
  "related to another": who(term({ related: [employee(2)] })),
  "one product": who(term({ products: ["00000000-0000-7000-a000-000000000001"] })),
  "own of one product": who(
    term({ people: { employees: [employee(1)], departments: [] }, products: ["00000000-0000-7000-a000-000000000001"] }),
  ),
  "no column of it": who(term({ people: { employees: [employee(1)], departments: [] }, customers: { phone: ["1"] } })),
};

let app: SemanticApp;
beforeAll(async () => {
  const pointer = await writeSnapshot(newFolder(), "b1", `${sql} ${catalogueSql(nodes, "columns")}`, marts);
  app = await startSemantic({ modelDir: writeModel(newFolder(), model), snapshots: manualSource(pointer) }, callers);
});
afterAll(() => app.close());

const ask = async (caller: string, query: object): Promise<{ status: number; error?: string; data: Record<string, unknown>[] }> => {
  const { status, error, results } = await load(app, query, { caller });
  return { status, ...(error !== undefined && { error }), data: results?.[0]?.data ?? [] };
};
const keysOf = async (caller: string): Promise<unknown[]> => {
  const { status, error, data } = await ask(caller, { dimensions: ["orders.order_key"], order: { "orders.order_key": "asc" } });
  expect([status, error]).toEqual([200, undefined]);
  return data.map((row) => row["orders.order_key"]);
};
const notes = async (caller: string): Promise<unknown[]> =>
  (await ask(caller, { dimensions: ["orders.order_key", "orders.note"], order: { "orders.order_key": "asc" } })).data.map(
    (row) => row["orders.note"],
  );

describe("O2: masked columns", () => {
  test("show their masked text, to everybody or in others' rows", async () => {
    expect(await notes("whole")).toEqual(["first note", "second", "third note"]);
    expect(await notes("masked")).toEqual(["f***", "s***", "t***"]);
    expect(await notes("masked to others")).toEqual(["first note", "second", "t***"]);
    expect(await notes("masked to the others")).toEqual(["f***", "s***", "third note"]);
  });

  test("are filtered, grouped and listed by their masked text", async () => {
    const like = (text: string): object => ({
      measures: ["orders.count"],
      filters: [{ member: "orders.note", operator: "contains", values: [text] }],
    });
    expect((await ask("masked", like("note"))).data).toEqual([{ "orders.count": "0" }]);
    expect((await ask("masked", like("f***"))).data).toEqual([{ "orders.count": "1" }]);
    expect((await ask("masked to others", like("note"))).data).toEqual([{ "orders.count": "1" }]);
    expect((await ask("whole", like("note"))).data).toEqual([{ "orders.count": "2" }]);
    const words = (await ask("masked", { dimensions: ["orders.note"] })).data.map((row) => row["orders.note"]);
    expect(words.toSorted()).toEqual(["f***", "s***", "t***"]);
  });
});

describe("O2: hidden columns", () => {
  test.each([
    ["dimension", { dimensions: ["orders.note"] }],
    ["filter", { measures: ["orders.count"], filters: [{ member: "orders.note", operator: "set" }] }],
    [
      "nested filter",
      {
        measures: ["orders.count"],
        filters: [
          {
            or: [
              { member: "orders.note", operator: "set" },
              { member: "orders.number", operator: "set" },
            ],
          },
        ],
      },
    ],
    ["order", { dimensions: ["orders.number"], order: { "orders.note": "asc" } }],
  ])("can't be used as a %s: 403 that names it", async (_use, query) => {
    expect((await ask("whole", query)).status).toBe(200);
    const { status, error } = await ask("without note", query);
    expect([status, error]).toEqual([403, "You may not read 'orders.note': made of columns that are hidden from you"]);
  });

  test("take with them what is computed from them", async () => {
    for (const measure of ["orders.cost", "orders.margin"]) {
      const { status, error } = await ask("without cost", { measures: ["orders.amount", measure] });
      expect([status, error]).toEqual([403, `You may not read '${measure}': made of columns that are hidden from you`]);
    }
    expect((await ask("without cost", { measures: ["orders.amount"] })).data).toEqual([{ "orders.amount": "60.00" }]);
    const sqlOf = await app.request(`/cubejs-api/v1/sql?query=${encodeURIComponent('{"measures":["orders.cost"]}')}`, {
      headers: { "x-caller": "without cost" },
    });
    expect(sqlOf.status).toBe(403);
  });

  test("of others count in own rows only", async () => {
    expect((await ask("without discount of others", { measures: ["orders.amount"] })).data).toEqual([{ "orders.amount": "30.00" }]);
  });

  test("a column that the catalogue does not name is hidden from who does not see every column", async () => {
    expect((await ask("whole", { dimensions: ["orders.secret"] })).status).toBe(200);
    expect((await ask("masked", { dimensions: ["orders.secret"] })).status).toBe(403);
  });

  test("are not in /meta, nor in the catalogue", async () => {
    const membersOf = async (caller: string): Promise<string[]> => {
      const response = await app.request("/cubejs-api/v1/meta", { headers: { "x-caller": caller } });
      const { cubes } = (await response.json()) as { cubes: { measures: { name: string }[]; dimensions: { name: string }[] }[] };
      return cubes.flatMap(({ measures, dimensions }) => [...measures, ...dimensions].map(({ name }) => name));
    };
    const every = await membersOf("whole");
    expect(every).toEqual(expect.arrayContaining(["orders.note", "orders.cost", "orders.margin"]));
    expect(every.filter((name) => name !== "orders.secret" && name !== "orders.note")).toEqual(await membersOf("without note"));
    expect(await membersOf("without cost")).toEqual(
      every.filter((name) => !["orders.cost", "orders.margin", "orders.secret"].includes(name)),
    );
    const catalogueOf = async (caller: string): Promise<string[]> => {
      const response = await app.request("/cubejs-api/v1/catalogue", { headers: { "x-caller": caller } });
      const { nodes: seen } = (await response.json()) as { nodes: { name: string; columns: { name: string }[] }[] };
      return seen.find(({ name }) => name === "fct_orders")?.columns.map(({ name }) => name) ?? [];
    };
    expect(await catalogueOf("whole")).toContain("note");
    expect(await catalogueOf("without note")).not.toContain("note");
    expect(await catalogueOf("without cost")).not.toContain("cost_amount");
  });
});

describe("O2: rows by other dimensions", () => {
  test.each([
    ["pool", []],
    ["resellers", ["21"]],
    ["related", ["11", "12", "21"]],
    ["related to another", ["21"]],
    ["one product", ["11", "21"]],
    ["own of one product", ["11"]],
    ["no column of it", []],
  ])("%s", async (caller, expected) => {
    expect((await keysOf(caller)).map(String)).toEqual(expected);
  });
});

test("origins: of fits and events all that they are made of, of what is not known anything", () => {
  const origins = createColumnOrigins([
    ...nodes,
    catalogueNode("crm.amount_events", [], "source"),
    catalogueNode("fits.churn_risk", [], "source"),
    catalogueNode("fits.new_one", [], "source"),
    catalogueNode("fct_churn_features", [catalogueColumn("orders", "aggregated", "crm.orders.number")]),
    catalogueNode("fct_all", [
      catalogueColumn("risk", "identity", "fits.churn_risk.risk"),
      catalogueColumn("other", "identity", "fits.new_one.value"),
      catalogueColumn("amount", "identity", "crm.amount_events.to_value"),
      catalogueColumn("counted", "aggregated", "crm.orders.*"),
    ]),
  ] as unknown as Parameters<typeof createColumnOrigins>[0]);
  const of = (name: string): unknown =>
    origins("fct_all")
      ?.find((each) => each.name === name)
      ?.origins.map(({ entity, column: from }) => `${entity}.${from}`);
  expect(of("risk")).toEqual(["order.number"]);
  expect(of("other")).toEqual(["null.value"]);
  expect(of("amount")).toContain("opportunity.amount");
  expect(of("counted")).toEqual([]);
});
