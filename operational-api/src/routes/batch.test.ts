import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../testing.ts";

type Body = Record<string, unknown>;
interface Refusal {
  detail: string;
  errors: { index: number; field: string; reason: string }[];
}

let api: TestApi;

beforeAll(async () => {
  api = await createTestApi();
  await api.client.query("update crm.employees set external_id = name");
});

afterAll(() => api?.close());

const count = async (table: string): Promise<number> =>
  (await api.client.query<{ count: number }>(`select count(*)::int as count from ${table}`)).rows[0]?.count ?? -1;

describe("a batch", () => {
  it("is written whole, with events and audit entries, references by external id and within itself", async () => {
    const answer = await api.admin.send<{ count: number; data: Body[] }>("POST", "/api/v1/customers/batch", {
      records: [
        { name: "子公司", external_id: "sub", parent_external_id: "group", owner_external_id: "ned" },
        { name: "集团", external_id: "group", owner_external_id: "sara" },
      ],
    });
    expect(answer).toMatchObject({ status: 201, body: { count: 2, data: [{ external_id: "sub", version: 1 }, { external_id: "group" }] } });
    const sub = await api.admin.send("GET", `/api/v1/customers/${String(answer.body.data[0]?.["id"])}`);
    expect(sub.body).toMatchObject({ parent_id: answer.body.data[1]?.["id"], owner_id: api.company.employees.ned });
    expect(await count("crm.owner_events where entity = 'customer'")).toBe(2);
    expect(await count("audit.entries where entity = 'customer' and action = 'create'")).toBe(2);
    const { rows } = await api.client.query<Body>("select external_id from crm.customers order by row_key");
    expect(rows.map((row) => row["external_id"])).toEqual(["sub", "group"]);
  });

  it("leaves nothing behind when one record is bad, and tells all bad ones with index, field and reason", async () => {
    const before = [await count("crm.customers"), await count("audit.entries"), await count("crm.owner_events")];
    const answer = await api.admin.send<Refusal>("POST", "/api/v1/customers/batch", {
      records: [
        { name: "good" },
        { name: "", kind: "x" },
        { name: "no such owner", owner_external_id: "nobody" },
        { name: "taken", external_id: "group" },
        { name: "twice", external_id: "t" },
        { name: "twice", external_id: "t" },
        "nonsense",
      ],
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map(({ index, field }) => `${index} ${field}`)).toEqual([
      "1 name",
      "1 kind",
      "2 owner_external_id",
      "3 external_id",
      "5 external_id",
      "6 ",
    ]);
    expect(answer.body.errors.find(({ index }) => index === 2)?.reason).toContain('external id "nobody"');
    expect(answer.body.errors.find(({ index }) => index === 5)?.reason).toBe("record 4 of this batch has the same");
    expect([await count("crm.customers"), await count("audit.entries"), await count("crm.owner_events")]).toEqual(before);

    // Only the database can tell that this one is taken: everything else is fine.
    const taken = await api.admin.send<Refusal>("POST", "/api/v1/customers/batch", {
      records: [{ name: "good" }, { name: "taken", external_id: "group" }],
    });
    expect(taken).toMatchObject({ status: 422, body: { errors: [{ index: 1, field: "external_id" }] } });
    expect(await count("crm.customers")).toBe(before[0]);
  });

  it("tells faults of business rules by index", async () => {
    const answer = await api.admin.send<Refusal>("POST", "/api/v1/opportunities/batch", {
      records: [
        { name: "a", owner_external_id: "ned" },
        { name: "b", owner_external_id: "ned", stage: "nowhere" },
        { name: "c", owner_external_id: "ned", currency: "USD" },
        { name: "d" },
      ],
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map(({ index, field }) => `${index} ${field}`)).toEqual(["1 stage", "2 exchange_rate", "3 owner_id"]);
  });

  it("has 1 to 10,000 records", async () => {
    const post = (records: unknown) => api.admin.send<Refusal>("POST", "/api/v1/customers/batch", { records });
    expect((await post([])).status).toBe(422);
    expect((await post(Array.from({ length: 10_001 }, () => ({ name: "x" })))).body.detail).toContain("10000");
    expect((await post("x")).status).toBe(422);
  });

  it("of 10,000 orders with lines is one transaction", async () => {
    await api.admin.send("POST", "/api/v1/products", { name: "泵", external_id: "P" });
    const records = Array.from({ length: 10_000 }, (_, index) => ({
      number: `B-${index}`,
      customer_external_id: "group",
      owner_external_id: "ned",
      lines: [
        { product_external_id: "P", quantity: "2", unit_price: "1.50" },
        { product_external_id: "P", quantity: "1", unit_price: "0.01" },
      ],
    }));
    const answer = await api.admin.send<{ count: number }>("POST", "/api/v1/orders/batch", { records });
    expect(answer).toMatchObject({ status: 201, body: { count: 10_000 } });
    const { rows } = await api.client.query("select count(*)::int as lines, sum(amount)::text as amount from crm.order_lines");
    expect(rows).toEqual([{ lines: 20_000, amount: "30100.00" }]);
    expect(await count("crm.status_events where entity = 'order'")).toBe(10_000);
  });
});

describe("Idempotency-Key", () => {
  const post = (key: string, body: unknown) => api.admin.send("POST", "/api/v1/departments", body, { "idempotency-key": key });

  it("gives a retry the first answer, and refuses another body", async () => {
    const first = await post("k1", { name: "一次" });
    const again = await post("k1", { name: "一次" });
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("etag")).toBe('"1"');
    expect(again.headers.get("kehu-commit")).toBeTruthy();
    expect(await count("crm.departments where name = '一次'")).toBe(1);
    expect(await post("k1", { name: "两次" })).toMatchObject({ status: 422, body: { errors: [{ field: "Idempotency-Key" }] } });
    const other = await api.caller(["administrator"]);
    expect((await other.send("POST", "/api/v1/departments", { name: "一次" }, { "idempotency-key": "k1" })).body["id"]).not.toBe(
      first.body["id"],
    );
  });

  it("makes one of many retries at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post("k2", { name: "同时" })));
    expect(new Set(answers.map(({ body }) => body["id"])).size).toBe(1);
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    expect(await count("crm.departments where name = '同时'")).toBe(1);
  });

  it("is free again after a refusal and after 24 hours", async () => {
    expect((await post("k3", { nme: "x" })).status).toBe(422);
    expect((await post("k3", { name: "对" })).status).toBe(201);
    await api.client.query("update portal.idempotency_keys set created_at = created_at - interval '25 hours' where key = 'k3'");
    expect((await post("k3", { name: "又" })).status).toBe(201);
  });
});
