import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../testing.ts";

let api: TestApi;

beforeAll(async () => {
  api = await createTestApi();
});

afterAll(() => api?.close());

const cursor = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString("base64url");
const id = "019f0000-0000-7000-8000-000000000000";

describe("what can't be stored is a fault of the caller's, told as such", () => {
  it.each([
    ["half a character", "/api/v1/customers", '{"name":"a\\ud800b"}', 422],
    ["half a character in a batch", "/api/v1/customers/batch", '[{"name":"a\\udc00"}]', 422],
    ["a day of the year 0", "/api/v1/employees", '{"name":"x","department_id":"$north","hired_on":"0000-01-01"}', 422],
    [
      "a time of the year 0",
      "/api/v1/activities",
      '{"kind":"call","subject":"x","owner_id":"$ned","planned_at":"0000-01-01T00:00:00Z"}',
      422,
    ],
    [
      "a time before year 1 in UTC",
      "/api/v1/activities",
      '{"kind":"call","subject":"x","owner_id":"$ned","planned_at":"0001-01-01T00:00:00+14:00"}',
      422,
    ],
    [
      "a time after 9999 in UTC",
      "/api/v1/activities",
      '{"kind":"call","subject":"x","owner_id":"$ned","planned_at":"9999-12-31T23:59:59-14:00"}',
      422,
    ],
  ])("%s", async (_name, path, body, status) => {
    const { employees, departments } = api.company;
    const filled = body.replace("$ned", employees.ned).replace("$north", departments.north);
    const answer = await api.admin.send<{ errors: unknown[] }>("POST", path, filled);
    expect(answer.status).toBe(status);
    expect(answer.body.errors.length).toBeGreaterThan(0);
  });

  it("an amount that no figure could hold, and a list still finds those that came before", async () => {
    const { ned } = api.company.employees;
    const amount = "10000000000000.00";
    const refused: [string, string, object][] = [
      ["targets", "amount", { measure: "won_amount", level: "goal", month: "2026-11-01", employee_id: ned, amount }],
      ["products", "list_price", { code: "P", name: "x", unit: "x", list_price: `-${amount}` }],
      ["activities", "cost", { kind: "call", subject: "x", owner_id: ned, cost: amount }],
    ];
    for (const [collection, field, body] of refused) {
      expect(await api.admin.send("POST", `/api/v1/${collection}`, body)).toMatchObject({
        status: 422,
        body: { errors: [{ field, reason: "must have at most 13 digits before the point: below 10,000,000,000,000" }] },
      });
    }
    const before = "insert into crm.products (code, name, unit, currency, list_price) values ('OLD', 'x', 'x', 'CNY', 1e13) returning id";
    const { rows } = await api.pool.query<{ id: string }>(before);
    const found = await api.admin.send("GET", `/api/v1/products?list_price_gte=${amount}`);
    expect(found).toMatchObject({ status: 200, body: { data: [{ id: rows[0]?.id, list_price: amount }] } });
  });

  it.each([
    ["nested too deeply", `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`],
    ["with NUL", '{"a":["\\u0000"]}'],
    ["with NUL in a name", '{"\\u0000":1}'],
    ["with half a character", '{"a":{"b":"\\ud800"}}'],
  ])("an exported query %s", async (_name, query) => {
    const answer = await api.admin.send("POST", "/api/v1/exports", `{"view":"v","title":"t","rows":1,"format":"xlsx","query":${query}}`);
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: "query" }] } });
  });

  it("bytes that are no UTF-8 are not replaced by others", async () => {
    const body = new Uint8Array([...Buffer.from('{"name":"x'), 0xff, ...Buffer.from('"}')]);
    const headers = { "content-type": "application/json", "x-test-user": api.admin.userId };
    const response = await api.app.request("/api/v1/customers", { method: "POST", headers, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail: "the body is not UTF-8" });
  });

  it.each([
    ["customers", "q=%00"],
    ["customers", "created_at_gte=0000-01-01T00:00:00Z"],
    ["customers", "created_at_gte=9999-12-31T23:59:59-14:00"],
    ["customers", `sort=name&cursor=${cursor("name", "\0", id)}`],
    ["customers", `sort=created_at&cursor=${cursor("created_at", "yesterday", id)}`],
    ["customers", `cursor=${cursor("id", id, "-".repeat(36))}`],
    ["departments", `sort=position&cursor=${cursor("position", "1e9", id)}`],
    ["products", `sort=list_price&cursor=${cursor("list_price", "NaN", id)}`],
    ["employees", `sort=hired_on&cursor=${cursor("hired_on", "2026-02-30", id)}`],
    ["audit", `cursor=${cursor("-at", "yesterday", id)}`],
    ["audit", "from=0000-01-01T00:00:00Z"],
  ])("GET /api/v1/%s?%s", async (collection, search) => {
    const answer = await api.admin.send("GET", `/api/v1/${collection}?${search}`);
    expect(answer.status).toBe(400);
  });
});
