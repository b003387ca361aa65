import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sealEntriesOnce } from "../audit/seal.ts";
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

  it("is found by who, what, which field, when and from where", async () => {
    const created = await rep.send("POST", "/api/v1/customers", { name: "乙", city: "上海" }, { "x-request-id": "req-find" });
    const id = String(created.body["id"]);
    await rep.send("PATCH", `/api/v1/customers/${id}`, { city: "南京" }, { "if-match": '"1"' });
    await api.pool.query(
      "insert into audit.entries (at, action, entity, record_id, ip) values ('2026-11-22T05:00:00Z', 'sign_in', 'account', 'x', '10.1.2.3')",
    );
    const found = async (filters: string): Promise<unknown[]> =>
      (await api.admin.send<Page>("GET", `/api/v1/audit?${filters}`)).body.data.map(({ action }) => action);
    expect(await found(`record_id=${id}&field=city`)).toEqual(["update", "create"]);
    expect(await found(`record_id=${id}&field=phone`)).toEqual([]);
    expect(await found(`record_id=${id}&actor=user-2@exam`)).toEqual(["update", "create"]);
    expect(await found(`record_id=${id}&actor=${api.admin.userId}`)).toEqual([]);
    expect(await found("request_id=req-find")).toEqual(["create"]);
    expect(await found("ip=10.1.2.3&from=2026-11-22T05:00:00Z&to=2026-11-22T05:00:01Z")).toEqual(["sign_in"]);
    const page = await api.admin.send<Page>("GET", `/api/v1/audit?record_id=${id}&action=update`);
    expect(page.body.data).toMatchObject([{ actor: "user-2@example.com", withheld: [], erased: [] }]);
  });

  it("says how far it is sealed, to those who may read it", async () => {
    const before = await api.admin.send("GET", "/api/v1/audit/seal");
    expect(before.body).toMatchObject({ last: null, sealed: 0 });
    expect(Number(before.body["waiting"])).toBeGreaterThan(0);
    expect(String(before.body["waiting_since"])).toMatch(/Z$/);
    const seal = await sealEntriesOnce(api.client);
    const after = await api.admin.send("GET", "/api/v1/audit/seal");
    expect(after.body).toEqual({
      last: { id: seal?.id, digest: seal?.digest, sealed_at: expect.stringMatching(/Z$/) },
      sealed: before.body["waiting"],
      waiting: 0,
      waiting_since: null,
    });
    expect((await rep.send("GET", "/api/v1/audit/seal")).status).toBe(403);
  });

  it("is readable by auditors, who see masked columns masked there, too", async () => {
    const owner = await api.caller(["administrator"]);
    const created = await owner.send("POST", "/api/v1/customers", {
      name: "丙",
      phone: "13900001111",
      owner_id: api.company.employees.ned,
    });
    const auditor = await api.caller(["auditor"]);
    const path = `/api/v1/audit?record_id=${String(created.body["id"])}`;
    const [entry] = (await auditor.send<Page>("GET", path)).body.data;
    expect(entry).toMatchObject({ new_values: { name: "丙", phone: "•••" }, withheld: ["phone"] });
    const exported = await api.app.request("/api/v1/audit/exports", {
      method: "POST",
      headers: { "x-test-user": auditor.userId, "content-type": "application/json" },
      body: JSON.stringify({ record_id: created.body["id"] }),
    });
    expect(await exported.text()).not.toContain("13900001111");
    await api.client.query("insert into auth.permissions (role, entity, action, rows) values ('finance', 'audit_trail', 'read', 'all')");
    const clerk = await api.caller(["finance"]);
    const withoutRight = await owner.send("POST", "/api/v1/leads", { name: "丁公司", owner_id: api.company.employees.ned });
    const shown = await clerk.send<Page>("GET", `/api/v1/audit?record_id=${String(withoutRight.body["id"])}`);
    expect(shown.body.data[0]?.["new_values"]).toMatchObject({ name: "•••" });
  });

  it("can be exported, which leaves an entry of its own", async () => {
    const created = await rep.send("POST", "/api/v1/customers", { name: '=HYPERLINK("x")', city: '北"京' });
    const id = String(created.body["id"]);
    const send = (body: unknown) =>
      api.app.request("/api/v1/audit/exports", {
        method: "POST",
        headers: { "x-test-user": api.admin.userId, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const csv = await send({ record_id: id });
    const text = await csv.text();
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(text).toContain(`"customer","${id}","city","","北""京"`);
    expect(text).toContain(`"name","","'=HYPERLINK(""x"")"`);
    const lines = (await (await send({ record_id: id, format: "json" })).text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ action: "create", record_id: id }]);
    const entries = await api.admin.send<Page>("GET", "/api/v1/audit?action=export&entity=audit_trail&limit=2");
    expect(entries.body.data).toMatchObject([
      { actor_id: api.admin.userId, new_values: { format: "json", rows: 1, filters: { record_id: id } } },
      { new_values: { format: "csv", rows: 1 } },
    ]);
    expect((await send({ who: "x" })).status).toBe(422);
    expect((await rep.send("POST", "/api/v1/audit/exports", {})).status).toBe(403);
  });

  it("has an entry in the transaction of every change of every record, also of lines that go and come with their order", async () => {
    const { admin, client } = api;
    const made = async (collection: string, body: object): Promise<string> => {
      const answer = await admin.send("POST", `/api/v1/${collection}`, body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
      return String(answer.body["id"]);
    };
    const customer = await made("customers", { name: "戊", owner_id: api.company.employees.ned });
    const product = await made("products", { name: "p" });
    const line = { product_id: product, quantity: "1", unit_price: "10.00" };
    const order = await made("orders", { number: "A-1", customer_id: customer, owner_id: api.company.employees.ned, lines: [line, line] });
    const any = { "if-match": "*" };
    expect((await admin.send("PATCH", `/api/v1/orders/${order}`, { lines: [line] }, any)).status).toBe(200);
    expect((await admin.send("DELETE", `/api/v1/orders/${order}`, undefined, any)).status).toBe(204);
    const untold = async (): Promise<unknown[]> => {
      const tables = ["customers", "products", "orders", "order_lines"];
      const all = tables.map(
        (table) => `select '${table}' as table, id from crm.${table} as record
          where not exists (select from audit.entries where record_id = record.id::text and entries.xmin = record.xmin)`,
      );
      const { rows } = await client.query(all.join(" union all "));
      return rows as unknown[];
    };
    expect(await untold()).toEqual([]);
    expect((await admin.send("POST", `/api/v1/orders/${order}/restore`, {})).status).toBe(200);
    expect(await untold()).toEqual([]);
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
    const page = await api.admin.send<Page>("GET", "/api/v1/audit?action=export&entity=orders");
    expect(page.body.data).toMatchObject([{ id: answer.body["id"], entity: "orders", actor_id: rep.userId, new_values: told }]);
    expect(await rep.send("POST", "/api/v1/exports", { view: "orders" })).toMatchObject({ status: 422 });
  });
});
