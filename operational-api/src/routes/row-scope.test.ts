import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectionOf, entities } from "../entities/index.ts";
import { type Caller, createTestApi, type TestApi } from "../testing.ts";

type Body = Record<string, unknown>;
type Person = "ned" | "nick" | "sara";

/** Callers: ned is a rep under nora in north; sara leads south. Each has one row in every collection. */
const callers = ["administrator", "executive", "analyst", "manager", "ned", "stranger"] as const;
type CallerName = (typeof callers)[number];

let api: TestApi;
let by: Record<CallerName, Caller>;
const rows: Record<Person, Record<string, string>> = { ned: {}, nick: {}, sara: {} };

beforeAll(async () => {
  api = await createTestApi();
  const { employees } = api.company;
  by = {
    administrator: api.admin,
    executive: await api.caller(["executive"]),
    analyst: await api.caller(["analyst"]),
    manager: await api.caller(["sales_manager"], employees.nora),
    ned: await api.caller(["sales_rep"], employees.ned),
    stranger: await api.caller(["sales_rep"], employees.fred),
  };
  const product = (await api.admin.send("POST", "/api/v1/products", { name: "泵" })).body["id"];
  for (const person of ["ned", "nick", "sara"] as const) {
    const owner_id = employees[person];
    const made = rows[person];
    const make = async (collection: string, body: Body): Promise<string> => {
      const answer = await api.admin.send("POST", `/api/v1/${collection}`, body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
      return String(answer.body["id"]);
    };
    made["customers"] = await make("customers", { name: person, owner_id });
    const customer_id = made["customers"];
    made["contacts"] = await make("contacts", { name: person, customer_id });
    made["leads"] = await make("leads", { name: person, owner_id });
    made["opportunities"] = await make("opportunities", { name: person, owner_id, customer_id });
    made["activities"] = await make("activities", { kind: "visit", subject: person, owner_id, customer_id });
    made["orders"] = await make("orders", {
      number: person,
      owner_id,
      customer_id,
      lines: [{ product_id: product, quantity: "1", unit_price: "1" }],
    });
    made["contracts"] = await make("contracts", {
      number: person,
      owner_id,
      customer_id,
      starts_on: "2026-01-01",
      ends_on: "2026-12-31",
    });
    made["customer-events"] = await make("customer-events", { kind: "complaint", customer_id, owner_id });
    made["instalments"] = await make("instalments", { order_id: made["orders"], sequence: 1, due_on: "2026-12-01", amount: "1" });
    made["receipts"] = await make("receipts", { number: person, owner_id, customer_id, amount: "1" });
    const department_id = person === "sara" ? api.company.departments.south : api.company.departments.north;
    made["targets"] = await make("targets", {
      measure: "order_amount",
      department_id,
      employee_id: owner_id,
      month: "2026-11-01",
      amount: "1",
    });
    const order = await api.admin.send<{ lines: Body[] }>("GET", `/api/v1/orders/${made["orders"]}`);
    made["order-lines"] = String(order.body.lines[0]?.["id"]);
  }
});

afterAll(() => api?.close());

const scoped = [
  "customers",
  "contacts",
  "customer-events",
  "leads",
  "opportunities",
  "activities",
  "contracts",
  "orders",
  "order-lines",
  "instalments",
  "receipts",
  "targets",
];
/** Written by those who lead the company, too. */
const led = ["value-criteria", "value-tiers", "churn-definitions"];
const reference = entities.filter(({ scope }) => scope === "reference").map(collectionOf);
const seenBy: Record<CallerName, Person[]> = {
  administrator: ["ned", "nick", "sara"],
  executive: ["ned", "nick", "sara"],
  analyst: ["ned", "nick", "sara"],
  manager: ["ned", "nick"],
  ned: ["ned"],
  stranger: [],
};

describe.each(scoped)("%s", (collection) => {
  it.each(callers)("show %s exactly the rows of the scope, in the list and one by one", async (name) => {
    const listed = await by[name].send<{ data: Body[] }>("GET", `/api/v1/${collection}`);
    const expected = seenBy[name].map((person) => rows[person][collection]);
    expect(listed.body.data.map(({ id }) => id).sort()).toEqual(expected.sort());
    for (const person of ["ned", "nick", "sara"] as const) {
      const one = await by[name].send("GET", `/api/v1/${collection}/${rows[person][collection]}`);
      expect(one.status).toBe(seenBy[name].includes(person) ? 200 : 404);
    }
  });
});

describe.each(reference)("%s", (collection) => {
  it.each(callers)("can be read by %s, and written by administrators only (value definitions also by executives)", async (name) => {
    expect((await by[name].send("GET", `/api/v1/${collection}`)).status).toBe(200);
    if (name === "administrator") return;
    const refused = await by[name].send("POST", `/api/v1/${collection}`, { name: "x" });
    if (name === "executive" && led.includes(collection)) {
      expect(refused.status).toBe(422);
      return;
    }
    expect(refused.status).toBe(403);
    expect(refused.body["detail"]).toContain('the right "create"');
  });
});

describe("writing", () => {
  it("is refused to who may only read, with the missing right", async () => {
    for (const name of ["executive", "analyst"] as const) {
      const path = `/api/v1/customers/${rows.ned["customers"]}`;
      const change = await by[name].send("PATCH", path, { city: "x" }, { "if-match": '"1"' });
      expect(change).toMatchObject({ status: 403, body: { detail: `the right "update" on customers is missing (your roles: ${name})` } });
      expect((await by[name].send("DELETE", path, undefined, { "if-match": '"1"' })).status).toBe(403);
      expect((await by[name].send("POST", `/api/v1/orders/${rows.ned["orders"]}/approve`)).status).toBe(403);
    }
    const order = await by.ned.send("DELETE", `/api/v1/orders/${rows.ned["orders"]}`, undefined, { "if-match": '"1"' });
    expect(order).toMatchObject({ status: 403, body: { detail: expect.stringContaining('"delete" on orders') as string } });
  });

  it("stays within the scope: not for others, not away to others, not onto others' customers", async () => {
    const { employees } = api.company;
    const forOther = await by.ned.send("POST", "/api/v1/customers", { name: "x", owner_id: employees.nick });
    expect(forOther).toMatchObject({ status: 403, body: { errors: [{ field: "owner_id" }] } });
    const own = await by.ned.send("POST", "/api/v1/customers", { name: "自己的" });
    expect(own.body["owner_id"]).toBe(employees.ned);
    const away = await by.ned.send("POST", `/api/v1/customers/${String(own.body["id"])}/assign`, { owner_id: employees.sara });
    expect(away.status).toBe(403);
    expect((await by.manager.send("POST", `/api/v1/customers/${String(own.body["id"])}/assign`, { owner_id: employees.nick })).status).toBe(
      200,
    );
    const onOthers = await by.ned.send("POST", "/api/v1/contacts", { name: "x", customer_id: rows.nick["customers"] });
    expect(onOthers).toMatchObject({
      status: 422,
      body: { errors: [{ field: "customer_id", reason: expect.stringContaining("there is no customer") as string }] },
    });
    const batch = await by.ned.send("POST", "/api/v1/leads/batch", {
      records: [{ name: "mine" }, { name: "his", owner_id: employees.nick }],
    });
    expect(batch).toMatchObject({ status: 403, body: { errors: [{ index: 1, field: "owner_id" }] } });
    expect((await by.ned.send<{ data: Body[] }>("GET", "/api/v1/leads?name=mine")).status).toBe(400);
    expect((await by.ned.send<{ data: Body[] }>("GET", "/api/v1/leads?q=mine")).body.data).toEqual([]);
  });

  it("reaches a document through its customer's current owner", async () => {
    const { employees } = api.company;
    const opportunity = await api.admin.send("POST", "/api/v1/opportunities", {
      name: "共",
      owner_id: employees.sara,
      customer_id: rows.ned["customers"],
    });
    const path = `/api/v1/opportunities/${String(opportunity.body["id"])}`;
    expect((await by.ned.send("GET", path)).status).toBe(200);
    expect((await by.ned.send("POST", `${path}/stage`, { stage: "negotiation" })).status).toBe(200);
    await api.admin.send("POST", `/api/v1/customers/${rows.ned["customers"]}/assign`, { owner_id: employees.sara });
    expect((await by.ned.send("GET", path)).status).toBe(404);
    await api.admin.send("POST", `/api/v1/customers/${rows.ned["customers"]}/assign`, { owner_id: employees.ned });
  });

  it("shows a department's own target to whom the department belongs", async () => {
    const target = await api.admin.send("POST", "/api/v1/targets", {
      measure: "order_amount",
      department_id: api.company.departments.north,
      month: "2026-11-01",
      amount: "9",
    });
    const path = `/api/v1/targets/${String(target.body["id"])}`;
    expect((await by.manager.send("GET", path)).status).toBe(200);
    expect((await by.ned.send("GET", path)).status).toBe(404);
  });
});

describe("nobody's scope", () => {
  it("is closed: without a permission row a collection answers 403", async () => {
    await api.client.query("delete from auth.permissions where role = 'sales_rep' and entity = 'lead'");
    const stopped = await api.caller(["sales_rep"], api.company.employees.nick);
    expect((await stopped.send("GET", "/api/v1/leads")).status).toBe(403);
    expect((await stopped.send("GET", `/api/v1/leads/${rows.nick["leads"]}`)).status).toBe(403);
    expect((await stopped.send("GET", "/api/v1/customers")).status).toBe(200);
  });
});
