import { afterAll, beforeAll, expect, it } from "vitest";
import { type Caller, createTestApi, type TestApi } from "../testing.ts";

let api: TestApi;
let ned: Caller;
const path = "/api/v1/customers/duplicate-check";

beforeAll(async () => {
  api = await createTestApi();
  ned = await api.caller(["sales_rep"], api.company.employees.ned);
  const made = await api.admin.send("POST", "/api/v1/customers", {
    name: "Sara 精工 机械",
    phone: "021-88886666",
    owner_id: api.company.employees.sara,
  });
  await api.admin.send("POST", "/api/v1/contacts", { customer_id: made.body["id"], name: "李娜", mobile: "138 1234 5678" });
  await api.admin.send("POST", "/api/v1/customers", { name: "公海客户" });
});
afterAll(() => api?.close());

it("O2: a duplicate check tells that there is one, whose team's it is and whom to ask, and nothing else", async () => {
  const found = { exists: true, matches: [{ team: "south", ask: "sara" }] };
  for (const asked of [
    { name: "sara精工机械" },
    { name: "ＳＡＲＡ 精工机械" },
    { phone: "02188886666" },
    { phone: "１３８１２３４５６７８" },
  ]) {
    expect(await ned.send("POST", path, asked)).toMatchObject({ status: 200 });
    expect((await ned.send("POST", path, asked)).body).toEqual(found);
  }
  expect((await ned.send("POST", path, { name: "公海客户" })).body).toEqual({ exists: true, matches: [{ team: null, ask: null }] });
  for (const asked of [{ name: "精工" }, { phone: "6666" }, { name: "%" }]) {
    expect((await ned.send("POST", path, asked)).body).toEqual({ exists: false, matches: [] });
  }
});

it("O2: a duplicate check is for who may create customers, limited, and audited without what was asked", async () => {
  const [analyst, sara] = [await api.caller(["analyst"]), await api.caller(["sales_rep"], api.company.employees.sara)];
  expect((await analyst.send("POST", path, { name: "x" })).status).toBe(403);
  expect((await sara.send("POST", path, {})).status).toBe(422);
  const statuses = [];
  for (let index = 0; index < 31; index++) statuses.push((await sara.send("POST", path, { name: "fishing" })).status);
  expect(statuses).toEqual([...Array<number>(30).fill(200), 429]);
  const refused = await sara.send("POST", path, { name: "fishing" });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  const { rows } = await api.client.query("select new_values from audit.entries where action = 'duplicate_check' and actor_id = $1", [
    sara.userId,
  ]);
  expect(rows).toHaveLength(30);
  expect(JSON.stringify(rows)).not.toContain("fishing");
});
