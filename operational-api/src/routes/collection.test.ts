import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Column, Entity } from "../entities/definition.ts";
import { collectionOf, entities } from "../entities/index.ts";
import { type Caller, createTestApi, type TestApi, testNow } from "../testing.ts";

type Body = Record<string, unknown>;

let api: TestApi;
/** One record of each entity, for references. */
const known = new Map<string, string>();

beforeAll(async () => {
  api = await createTestApi();
  known.set("employee", api.company.employees.ned).set("department", api.company.departments.north);
});

afterAll(() => api?.close());

let serial = 0;
const sample = (column: Column, name: string): unknown => {
  serial += 1;
  if (name === "pipeline") return "default";
  switch (column.type) {
    case "uuid":
      return known.get(column.references ?? "") ?? null;
    case "text":
      return `${name} ${serial}`;
    case "integer":
      return 2000 + serial;
    case "boolean":
      return true;
    case "date":
      return "2026-11-01";
    case "instant":
      return "2026-11-20T09:30:00.123456Z";
    case "money":
      return "1234.5";
    case "quantity":
      return "3";
    case "rate":
      return "0.5";
    case "enum":
      return Object.keys(column.values ?? {})[0];
    case "currency":
      return "CNY";
  }
};

/** What a full body has no business to say: computed, decided by a rule, or a business time. */
const left = new Set(["stage", "exchange_rate", "parent_id", "manager_id", "discount", "terminated_on"]);

/** What bodies of an entity with rules or keys of its own say instead, the first and the second that is made. */
const own: Readonly<Record<string, readonly [Body, Body]>> = {
  exchange_rate: [{ currency: "USD" }, { currency: "USD", valid_on: "2025-01-01" }],
  target: [{}, { month: "2026-12-01" }],
  company_setting: [
    { key: "active_days", value: "200" },
    { key: "payment_days", value: "45" },
  ],
  value_criterion: [{}, { segment: "reseller" }],
  churn_definition: [{}, { segment: "reseller" }],
};

const fullBody = (entity: Entity, without?: string, which: 0 | 1 = 0): Body => {
  const columns = Object.entries(entity.columns).filter(
    ([name, column]) => !column.readOnly && !column.backdate && !left.has(name) && name !== without,
  );
  const body: Body = Object.fromEntries(columns.map(([name, column]) => [name, sample(column, name)]));
  Object.assign(body, own[entity.name]?.[which]);
  if (entity.children) {
    const child = entities.find(({ name }) => name === entity.children?.entity);
    if (child) body[entity.children.field] = [fullBody(child, entity.children.parentColumn)];
  }
  return body;
};

const written = entities.filter(({ name }) => name !== "order_line");
const pathOf = (entity: Entity): string => `/api/v1/${collectionOf(entity)}`;

describe.each(written.map((entity) => [collectionOf(entity), entity] as const))("%s", (_name, entity) => {
  const path = pathOf(entity);

  it("can be created, read, listed, changed, deleted and restored", async () => {
    const body = fullBody(entity);
    const created = await api.admin.send("POST", path, { ...body, external_id: `ext-${entity.name}` });
    expect(created.body).toMatchObject({ external_id: `ext-${entity.name}`, version: 1, created_at: testNow, recorded_at: testNow });
    expect(created.status).toBe(201);
    expect(created.headers.get("kehu-commit")).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    const id = String(created.body["id"]);
    expect(created.headers.get("location")).toBe(`${path}/${id}`);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    known.set(entity.name, known.get(entity.name) ?? id);

    const read = await api.admin.send("GET", `${path}/${id}`);
    expect(read.body).toEqual(created.body);
    expect(read.body).not.toHaveProperty("row_key");
    for (const [name, column] of Object.entries(entity.columns)) {
      if (column.type === "money" && body[name] !== undefined)
        expect(read.body).toMatchObject({ [name]: "1234.50", currency: expect.any(String) as string });
      if (column.type === "instant" && body[name] !== undefined) expect(read.body[name]).toBe("2026-11-20T09:30:00.123456Z");
    }

    const listed = await api.admin.send<{ data: Body[] }>("GET", `${path}?external_id=ext-${entity.name}&fields=external_id,version`);
    expect(listed.body.data).toEqual([{ id, external_id: `ext-${entity.name}`, version: 1 }]);

    const changed = await api.admin.send("PATCH", `${path}/${id}`, { external_id: `new-${entity.name}` }, { "if-match": '"1"' });
    expect(changed).toMatchObject({ status: 200, body: { external_id: `new-${entity.name}`, version: 2 } });
    const same = await api.admin.send("PATCH", `${path}/${id}`, { external_id: `new-${entity.name}` }, { "if-match": '"2"' });
    expect(same.body["version"]).toBe(2);

    const spare = await api.admin.send("POST", path, fullBody(entity, undefined, 1));
    const spareId = String(spare.body["id"]);
    expect(spare.status).toBe(201);
    expect((await api.admin.send("DELETE", `${path}/${spareId}`, undefined, { "if-match": '"1"' })).status).toBe(204);
    expect((await api.admin.send("GET", `${path}/${spareId}`)).status).toBe(404);
    expect((await api.admin.send<{ data: Body[] }>("GET", `${path}?id=${spareId}`)).body.data).toEqual([]);
    const restored = await api.admin.send("POST", `${path}/${spareId}/restore`);
    expect(restored).toMatchObject({ status: 200, body: { id: spareId, version: 3 } });
    expect((await api.admin.send("POST", `${path}/${spareId}/restore`)).status).toBe(404);
  });

  it("takes each of its filters and sorts", async () => {
    for (const [name, column] of Object.entries(entity.columns)) {
      const value = encodeURIComponent(String(sample(column, name) ?? "null"));
      if (column.filter) expect((await api.admin.send("GET", `${path}?${name}=${value}`)).status, name).toBe(200);
      if (column.sort) {
        expect((await api.admin.send("GET", `${path}?sort=${name}`)).status, name).toBe(200);
        expect((await api.admin.send("GET", `${path}?sort=-${name}`)).status, name).toBe(200);
      }
    }
  });
});

describe("lists", () => {
  it("page through every row once, with and without values, in both directions", async () => {
    const names = Array.from({ length: 23 }, (_, index) => ({
      name: `页 ${index % 5}`,
      level: index % 3 === 0 ? null : "A",
      industry: "paging",
    }));
    expect((await api.admin.send("POST", "/api/v1/customers/batch", { records: names })).status).toBe(201);
    for (const sort of ["id", "-id", "name", "-name", "level", "-level", "-created_at"]) {
      const seen: string[] = [];
      const levels: unknown[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const after: string = cursor ? `&cursor=${cursor}` : "";
        const page = await api.admin.send<{ data: Body[]; next_cursor: string | null }>(
          "GET",
          `/api/v1/customers?industry=paging&limit=4&sort=${sort}${after}`,
        );
        expect(page.status).toBe(200);
        seen.push(...page.body.data.map(({ id }) => String(id)));
        levels.push(...page.body.data.map(({ level }) => level));
        cursor = page.body.next_cursor;
      }
      expect(new Set(seen).size, sort).toBe(23);
      expect(seen.length, sort).toBe(23);
      if (sort.endsWith("level")) expect(levels.slice(-8)).toEqual(Array(8).fill(null));
    }
  });

  it("search Chinese text, and take % and _ as they are", async () => {
    await api.admin.send("POST", "/api/v1/customers", { name: "上海张三_100%贸易" });
    const found = async (q: string) =>
      (await api.admin.send<{ data: Body[] }>("GET", `/api/v1/customers?q=${encodeURIComponent(q)}`)).body.data.length;
    expect(await found("张三")).toBe(1);
    expect(await found("三_100%")).toBe(1);
    expect(await found("_1%0")).toBe(0);
  });

  it("compare and combine filters", async () => {
    const create = (name: string, list_price: string) => api.admin.send("POST", "/api/v1/products", { name, list_price });
    await create("便宜", "9.99");
    await create("中等", "100");
    await create("昂贵", "1000.01");
    const names = async (query: string) =>
      (await api.admin.send<{ data: Body[] }>("GET", `/api/v1/products?sort=list_price&${query}`)).body.data.map(({ name }) => name);
    expect(await names("list_price_gte=100&list_price_lt=1000.01&status=active,discontinued")).toEqual(["中等"]);
    expect(await names("name=便宜&name=昂贵")).toEqual(["便宜", "昂贵"]);
    expect(await names("list_price=null&name=便宜")).toEqual([]);
  });
});

describe("soft delete", () => {
  it("frees the external id, and a restore into a taken one is refused", async () => {
    const create = () => api.admin.send("POST", "/api/v1/customers", { name: "甲", external_id: "C-1" });
    const first = await create();
    const taken = await create();
    expect(taken).toMatchObject({ status: 409, body: { errors: [{ field: "external_id" }] } });
    const path = `/api/v1/customers/${String(first.body["id"])}`;
    await api.admin.send("DELETE", path, undefined, { "if-match": '"1"' });
    expect((await create()).status).toBe(201);
    expect(await api.admin.send("POST", `${path}/restore`)).toMatchObject({ status: 409, body: { errors: [{ field: "external_id" }] } });
  });

  it("is refused while something refers to the record, and says what", async () => {
    const customer = await api.admin.send("POST", "/api/v1/customers", { name: "乙" });
    const id = String(customer.body["id"]);
    const contact = await api.admin.send("POST", "/api/v1/contacts", { name: "王", customer_id: id });
    const refused = await api.admin.send("DELETE", `/api/v1/customers/${id}`, undefined, { "if-match": '"1"' });
    expect(refused).toMatchObject({
      status: 409,
      body: { detail: "this customer can't be deleted: 1 contact refer to it", errors: [{ field: "contacts" }] },
    });
    await api.admin.send("DELETE", `/api/v1/contacts/${String(contact.body["id"])}`, undefined, { "if-match": '"1"' });
    expect((await api.admin.send("DELETE", `/api/v1/customers/${id}`, undefined, { "if-match": '"1"' })).status).toBe(204);
    expect((await api.admin.send("POST", `/api/v1/contacts/${String(contact.body["id"])}/restore`)).status).toBe(409);
    expect((await api.admin.send("POST", "/api/v1/contacts", { name: "李", customer_id: id })).status).toBe(422);
  });
});

describe("trees", () => {
  it("never get a cycle", async () => {
    const create = async (name: string, parent_id: string | null = null) =>
      String((await api.admin.send("POST", "/api/v1/departments", { name, parent_id })).body["id"]);
    const upper = await create("上");
    const lower = await create("下", upper);
    const turned = await api.admin.send("PATCH", `/api/v1/departments/${upper}`, { parent_id: lower }, { "if-match": '"1"' });
    expect(turned).toMatchObject({ status: 422, body: { errors: [{ field: "parent_id", reason: "a department can't be above itself" }] } });
    expect((await api.admin.send("GET", `/api/v1/departments/${upper}`)).body["version"]).toBe(1);
    const batch = await api.admin.send("POST", "/api/v1/departments/batch", {
      records: [
        { name: "a", external_id: "a", parent_external_id: "b" },
        { name: "b", external_id: "b", parent_external_id: "a" },
      ],
    });
    expect(batch.status).toBe(422);
  });
});

describe("events", () => {
  const eventsOf = async (kind: string, id: unknown) =>
    (
      await api.client.query(
        `select from_value, to_value, effective_at, actor_id from crm.${kind}_events where record_id = $1 order by row_key`,
        [id],
      )
    ).rows as Body[];

  it("tell first values from creation on, and changes, with who made them", async () => {
    const { employees, departments } = api.company;
    const created = await api.admin.send("POST", "/api/v1/employees", {
      name: "新",
      department_id: departments.north,
      created_at: "2026-01-05T01:00:00Z",
    });
    const id = String(created.body["id"]);
    await api.admin.send(
      "PATCH",
      `/api/v1/employees/${id}`,
      { department_id: departments.south, status: "left", position: "x" },
      { "if-match": '"1"' },
    );
    const [first, second] = await eventsOf("department", id);
    expect(first).toMatchObject({
      from_value: null,
      to_value: departments.north,
      effective_at: new Date("2026-01-05T01:00:00Z"),
      actor_id: api.admin.userId,
    });
    expect(second).toMatchObject({ from_value: departments.north, to_value: departments.south, effective_at: new Date(testNow) });
    expect((await eventsOf("status", id)).map(({ to_value }) => to_value)).toEqual(["active", "left"]);

    const pool = await api.admin.send("POST", "/api/v1/customers", { name: "公海" });
    expect(await eventsOf("owner", pool.body["id"])).toEqual([]);
    const assigned = await api.admin.send("POST", `/api/v1/customers/${String(pool.body["id"])}/assign`, {
      owner_id: employees.nick,
      effective_at: "2026-11-01T00:00:00Z",
    });
    expect(assigned).toMatchObject({ status: 200, body: { owner_id: employees.nick, version: 2 } });
    expect(await eventsOf("owner", pool.body["id"])).toMatchObject([
      { from_value: null, to_value: employees.nick, effective_at: new Date("2026-11-01T00:00:00Z") },
    ]);
  });
});

describe("business times", () => {
  it("need the right backdate, and the refusal names the field", async () => {
    const manager: Caller = await api.caller(["sales_manager"], api.company.employees.nora);
    const refused = await manager.send("POST", "/api/v1/customers", { name: "x", created_at: "2026-01-01T00:00:00Z" });
    expect(refused).toMatchObject({
      status: 403,
      body: { errors: [{ field: "created_at", reason: expect.stringContaining("backdate") as string }] },
    });
    const opportunity = await manager.send("POST", "/api/v1/opportunities", { name: "x" });
    const stage = await manager.send("POST", `/api/v1/opportunities/${String(opportunity.body["id"])}/stage`, {
      stage: "won",
      effective_at: "2026-01-01T00:00:00Z",
    });
    expect(stage).toMatchObject({ status: 403, body: { errors: [{ field: "effective_at" }] } });
  });
});
