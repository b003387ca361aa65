import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Caller, createTestApi, type TestApi, testNow } from "../testing.ts";

interface Page {
  data: Record<string, unknown>[];
  next_cursor: string | null;
}

let api: TestApi;
let rep: Caller;

beforeAll(async () => {
  api = await createTestApi();
  rep = await api.caller(["sales_rep"], api.company.employees.ned);
});

afterAll(() => api?.close());

describe("the audit trail", () => {
  it("tells who changed what from what to what, in the transaction of the change", async () => {
    const created = await rep.send("POST", "/api/v1/customers", { name: "甲", city: "上海" }, { "x-request-id": "req-1" });
    const id = String(created.body["id"]);
    await rep.send("PATCH", `/api/v1/customers/${id}`, { city: "北京", name: "甲" }, { "if-match": '"1"' });
    await rep.send("DELETE", `/api/v1/customers/${id}`, undefined, { "if-match": '"2"' });
    const page = await api.admin.send<Page>("GET", `/api/v1/audit?entity=customer&record_id=${id}`);
    expect(page.body.data).toMatchObject([
      { action: "delete", actor_id: rep.userId, old_values: { deleted_at: null } },
      { action: "update", old_values: { city: "上海" }, new_values: { city: "北京" }, at: testNow },
      { action: "create", new_values: { name: "甲", city: "上海", owner_id: api.company.employees.ned }, request_id: "req-1" },
    ]);
    expect(page.body.data[1]?.["new_values"]).toEqual({ city: "北京" });
  });

  it("pages, filters, refuses unknown filters, and is for administrators", async () => {
    for (let index = 0; index < 5; index++) await api.admin.send("POST", "/api/v1/departments", { name: `d${index}` });
    const seen: unknown[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { body: Page } = await api.admin.send<Page>(
        "GET",
        `/api/v1/audit?entity=department&actor=${api.admin.userId}&limit=2${cursor ? `&cursor=${cursor}` : ""}`,
      );
      seen.push(...page.body.data.map(({ id }) => id));
      cursor = page.body.next_cursor;
    }
    expect(new Set(seen).size).toBe(5);
    expect((await api.admin.send<Page>("GET", "/api/v1/audit?from=2026-11-22T01:30:00Z&to=2026-11-22T01:30:00Z")).body.data).toEqual([]);
    expect((await api.admin.send("GET", "/api/v1/audit?who=x")).status).toBe(400);
    expect((await rep.send("GET", "/api/v1/audit")).status).toBe(403);
  });

  it("has an entry for every export", async () => {
    const told = { view: "orders", title: "订单", rows: 12, format: "xlsx", query: { measures: ["orders.amount"] } };
    const answer = await rep.send("POST", "/api/v1/exports", told);
    expect(answer.status).toBe(201);
    const page = await api.admin.send<Page>("GET", "/api/v1/audit?action=export");
    expect(page.body.data).toMatchObject([{ id: answer.body["id"], entity: "orders", actor_id: rep.userId, new_values: told }]);
    expect(await rep.send("POST", "/api/v1/exports", { view: "orders" })).toMatchObject({ status: 422 });
  });
});
