import { afterAll, beforeAll, expect, it } from "vitest";
import { type Caller, createTestApi, type TestApi } from "../testing.ts";

let api: TestApi;
let executive: Caller;

beforeAll(async () => {
  api = await createTestApi();
  executive = await api.caller(["executive"], api.company.employees.boss);
});

afterAll(() => api?.close());

const reads = async (of: Caller) =>
  (await api.admin.send<{ data: Record<string, unknown>[] }>("GET", `/api/v1/audit?action=read&actor=${of.userId}`)).body.data;

it("who reads in the clear what others see masked leaves an entry, and nobody else", async () => {
  const make = async (collection: string, body: object): Promise<string> =>
    String((await api.admin.send("POST", `/api/v1/${collection}`, body)).body["id"]);
  const customer = await make("customers", { name: "甲公司", phone: "02112345678", owner_id: api.company.employees.ned });
  const own = await make("customers", { name: "乙公司", phone: "02187654321", owner_id: api.company.employees.boss });
  const silent = await make("customers", { name: "丙公司", owner_id: api.company.employees.ned });
  const contact = await make("contacts", { customer_id: customer, name: "张三", mobile: "13900001111" });

  await executive.send("GET", `/api/v1/contacts/${contact}`);
  await executive.send("GET", `/api/v1/contacts/${contact}?fields=name`);
  await executive.send("GET", `/api/v1/customers/${own}`);
  await executive.send("GET", `/api/v1/customers/${silent}`);
  expect(await reads(executive)).toMatchObject([{ entity: "contact", record_id: contact, new_values: { fields: ["mobile"] } }]);
  expect(JSON.stringify(await reads(executive))).not.toContain("13900001111");

  await make("contacts", { customer_id: customer, name: "李四", mobile: "13900002222", email: "li@example.com" });
  await executive.send("GET", "/api/v1/contacts?sort=name");
  const [list] = await reads(executive);
  expect(list).toMatchObject({ record_id: null, new_values: { count: 2, fields: ["email", "mobile"] } });

  const rep = await api.caller(["sales_rep"], api.company.employees.ned);
  const analyst = await api.caller(["analyst"]);
  for (const caller of [rep, analyst]) {
    expect((await caller.send("GET", `/api/v1/contacts/${contact}`)).status).toBe(200);
    expect(await reads(caller)).toEqual([]);
  }
});
