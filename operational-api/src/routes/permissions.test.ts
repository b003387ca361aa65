import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Caller, createTestApi, type TestApi } from "../testing.ts";

type Body = Record<string, unknown>;
type List = { data: Body[] };

let api: TestApi;
let ned: Caller;
let nora: Caller;
let executive: Caller;
let auditor: Caller;
const ids: Record<string, string> = {};

const make = async (collection: string, body: Body, by: Caller = api.admin): Promise<string> => {
  const answer = await by.send("POST", `/api/v1/${collection}`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return String(answer.body["id"]);
};

/** Adds a rule, runs the work under it and takes it away again. */
const under = async (kind: "permissions" | "column-rules", rules: readonly Body[], work: () => Promise<void>): Promise<void> => {
  const made: Body[] = [];
  try {
    for (const rule of rules) {
      const answer = await api.admin.send("POST", `/api/v1/${kind}`, rule);
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
      made.push(answer.body);
    }
    await work();
  } finally {
    for (const { id } of made) await api.admin.send("DELETE", `/api/v1/${kind}/${String(id)}`, undefined, { "if-match": "*" });
  }
};

const idsOf = async (by: Caller, path: string): Promise<unknown[]> => {
  const { status, body } = await by.send<List>("GET", path);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.map(({ id }) => id);
};

beforeAll(async () => {
  api = await createTestApi();
  const { employees } = api.company;
  [ned, nora, executive, auditor] = await Promise.all([
    api.caller(["sales_rep"], employees.ned),
    api.caller(["sales_manager"], employees.nora),
    api.caller(["executive"]),
    api.caller(["auditor"]),
  ]);
  ids["pumps"] = await make("product-categories", { name: "泵" });
  ids["small-pumps"] = await make("product-categories", { name: "小泵", parent_id: ids["pumps"] });
  ids["valves"] = await make("product-categories", { name: "阀" });
  ids["pump"] = await make("products", { name: "微型泵", category_id: ids["small-pumps"] });
  ids["valve"] = await make("products", { name: "球阀", category_id: ids["valves"] });
  const customers: Record<string, Body> = {
    "ned-customer": { owner_id: employees.ned, province: "上海", kind: "end_customer", phone: "021-88886666-1" },
    "nick-customer": { owner_id: employees.nick, province: "上海", kind: "reseller", phone: "13812345678" },
    "sara-customer": { owner_id: employees.sara, province: "江苏", kind: "reseller", phone: "13912345678" },
    "pool-customer": { owner_id: null, province: "江苏", phone: "13712345678" },
  };
  for (const [name, body] of Object.entries(customers)) {
    ids[name] = await make("customers", { name, ...body });
    ids[`${name}-contact`] = await make("contacts", {
      name: `${name}联系人`,
      customer_id: ids[name],
      mobile: `138${name.length}0001234`,
      email: "li.na@example.com",
    });
  }
  const order = (owner: "ned" | "nick" | "sara", product: string): Promise<string> =>
    make("orders", {
      number: `${owner}-${product}`,
      owner_id: employees[owner],
      customer_id: ids[`${owner}-customer`],
      lines: [{ product_id: ids[product], quantity: "1", unit_price: "10", unit_cost: "4" }],
    });
  ids["ned-pump"] = await order("ned", "pump");
  ids["nick-pump"] = await order("nick", "pump");
  ids["nick-valve"] = await order("nick", "valve");
  ids["sara-pump"] = await order("sara", "pump");
});
afterAll(() => api?.close());

describe("O2: rows", () => {
  const rule = (rows: string, more: Body = {}): Body => ({ role: "sales_rep", entity: "customer", action: "read", rows, ...more });
  const customers = (): Promise<unknown[]> => idsOf(ned, "/api/v1/customers?sort=name");
  const named = (...names: string[]): (string | undefined)[] => names.map((name) => ids[`${name}-customer`]);

  it("of several rules are their union, at once", async () => {
    expect(await customers()).toEqual(named("ned"));
    await under("permissions", [rule("public")], async () => expect(await customers()).toEqual(named("ned", "pool")));
    await under("permissions", [rule("public"), rule("all", { customers: { kind: ["reseller"] } })], async () =>
      expect(await customers()).toEqual(named("ned", "nick", "pool", "sara")),
    );
    expect(await customers()).toEqual(named("ned"));
  });

  it("of one rule with several dimensions are those in all of them", async () => {
    const group = { customers: { kind: ["reseller"], province: ["上海"] } };
    await under("permissions", [rule("all", group)], async () => expect(await customers()).toEqual(named("ned", "nick")));
    await under("permissions", [rule("department", { customers: { province: ["江苏"] } })], async () =>
      expect(await customers()).toEqual(named("ned")),
    );
    const orders = { role: "sales_rep", entity: "order", action: "read", rows: "department", product_lines: [ids["pumps"]] };
    await under("permissions", [orders], async () => {
      expect((await idsOf(ned, "/api/v1/orders")).toSorted()).toEqual([ids["ned-pump"], ids["nick-pump"]].toSorted());
      expect((await ned.send("GET", `/api/v1/orders/${ids["nick-valve"]}`)).status).toBe(404);
    });
    const resellers = { ...orders, product_lines: [ids["pumps"]], customers: { kind: ["reseller"] }, rows: "all" };
    await under("permissions", [resellers], async () =>
      expect((await idsOf(ned, "/api/v1/orders")).toSorted()).toEqual([ids["ned-pump"], ids["nick-pump"], ids["sara-pump"]].toSorted()),
    );
  });

  it("related: customers with whom one has a document of one's own", async () => {
    await under("permissions", [rule("related")], async () => {
      expect(await customers()).toEqual(named("ned"));
      await make("activities", { kind: "visit", subject: "x", owner_id: api.company.employees.ned, customer_id: ids["sara-customer"] });
      expect(await customers()).toEqual(named("ned", "sara"));
    });
  });

  it("lines of an order show only those of the product lines granted", async () => {
    const both = await make("orders", {
      number: "both",
      owner_id: api.company.employees.nick,
      customer_id: ids["nick-customer"],
      lines: ["pump", "valve"].map((product) => ({ product_id: ids[product], quantity: "1", unit_price: "10" })),
    });
    const seen = (entity: string): Body => ({ role: "sales_rep", entity, action: "read", rows: "all", product_lines: [ids["valves"]] });
    await under("permissions", [seen("order"), seen("order_line")], async () => {
      const { body } = await ned.send<{ lines: Body[] }>("GET", `/api/v1/orders/${both}`);
      expect(body.lines.map(({ product_id: id }) => id)).toEqual([ids["valve"]]);
    });
  });
});

describe("O2: columns", () => {
  const seesAll = ["customer", "contact"].map((entity) => ({ role: "sales_rep", entity, action: "read", rows: "all" }));
  const other = (): string => `/api/v1/customers/${ids["nick-customer"]}`;

  it("of somebody else's customer are masked, of one's own not, in lists and one by one", async () => {
    await under("permissions", seesAll, async () => {
      const phones = async (): Promise<Body> =>
        Object.fromEntries((await ned.send<List>("GET", "/api/v1/customers")).body.data.map(({ name, phone }) => [String(name), phone]));
      expect(await phones()).toMatchObject({
        "ned-customer": "021-88886666-1",
        "nick-customer": "138****5678",
        "sara-customer": "139****5678",
      });
      expect((await ned.send("GET", other())).body["phone"]).toBe("138****5678");
      const contact = await ned.send("GET", `/api/v1/contacts/${ids["nick-customer-contact"]}`);
      expect(contact.body).toMatchObject({ mobile: "138****1234", email: "l***@example.com" });
      expect((await nora.send("GET", other())).body["phone"]).toBe("13812345678");
    });
  });

  it("masked compare by their masked text: a search finds the mask and nothing behind it", async () => {
    const searchable = { role: "sales_rep", entity: "contact", column_name: "name", visibility: "mask", whose: "others" };
    await under("permissions", seesAll, () =>
      under("column-rules", [searchable], async () => {
        const names = async (query: string): Promise<unknown[]> =>
          (await ned.send<List>("GET", `/api/v1/contacts?${query}`)).body.data.map(({ name }) => name);
        expect(await names("q=nick")).toEqual([]);
        expect(await names("q=n***")).toEqual(["n***"]);
        expect(await names("q=ned-customer")).toEqual(["ned-customer联系人"]);
        const sorted = await names("sort=name");
        expect(sorted).toEqual(["n***", "ned-customer联系人", "p***", "s***"]);
        const first = await ned.send<List & { next_cursor: string }>("GET", "/api/v1/contacts?sort=name&limit=1");
        expect(JSON.stringify(Buffer.from(first.body.next_cursor, "base64url").toString())).not.toContain("nick");
        expect(await names(`sort=name&limit=2&cursor=${first.body.next_cursor}`)).toEqual(sorted.slice(1, 3));
      }),
    );
  });

  it("that are hidden can't be shown, filtered, sorted or searched: 403 names them, and the rest goes on", async () => {
    const hide = (column_name: string): Body => ({ role: "sales_rep", entity: "customer", column_name, visibility: "hide" });
    await under("column-rules", [hide("province"), hide("name"), hide("level")], async () => {
      const { body } = await ned.send<List>("GET", "/api/v1/customers");
      expect(body.data).toHaveLength(1);
      for (const name of ["province", "name", "level"]) expect(body.data[0]).not.toHaveProperty(name);
      for (const [query, field, column] of [
        ["fields=city,province", "fields", "province"],
        ["province=上海", "province", "province"],
        ["sort=-level", "sort", "level"],
        ["q=ned", "q", "name"],
      ]) {
        const refused = await ned.send("GET", `/api/v1/customers?${query}`);
        expect(refused).toMatchObject({
          status: 403,
          body: { errors: [{ field, reason: `you may not read the column ${column} of customers` }] },
        });
      }
      const own = `/api/v1/customers/${ids["ned-customer"]}`;
      expect((await ned.send("GET", `${own}?fields=province`)).status).toBe(403);
      const written = await ned.send("PATCH", own, { province: "北京" }, { "if-match": "*" });
      expect(written).toMatchObject({ status: 403, body: { errors: [{ field: "province" }] } });
      const changed = await ned.send("PATCH", own, { city: "上海" }, { "if-match": "*" });
      expect(changed.status).toBe(200);
      expect(changed.body).not.toHaveProperty("province");
      expect((await ned.send("POST", "/api/v1/customers", { name: "x" })).status).toBe(403);
    });
  });

  it("of lines are hidden inside their order, too, and can't be written there", async () => {
    await under("column-rules", [{ role: "sales_rep", entity: "order_line", column_name: "unit_cost", visibility: "hide" }], async () => {
      const order = await ned.send<{ lines: Body[] }>("GET", `/api/v1/orders/${ids["ned-pump"]}`);
      expect(order.body.lines).toHaveLength(1);
      expect(order.body.lines[0]).not.toHaveProperty("unit_cost");
      const lines = [{ id: order.body.lines[0]?.["id"], unit_cost: "1" }];
      const refused = await ned.send("PATCH", `/api/v1/orders/${ids["ned-pump"]}`, { lines }, { "if-match": "*" });
      expect(refused).toMatchObject({ status: 403, body: { errors: [{ field: "lines[0].unit_cost" }] } });
    });
  });

  it("that are masked can't be written over on somebody else's record", async () => {
    const update = { role: "sales_rep", entity: "customer", action: "update", rows: "all" };
    await under("permissions", [...seesAll, update], async () => {
      const refused = await ned.send("PATCH", other(), { phone: "138****5678" }, { "if-match": "*" });
      expect(refused).toMatchObject({ status: 403, body: { errors: [{ field: "phone" }] } });
      const changed = await ned.send("PATCH", other(), { city: "上海" }, { "if-match": "*" });
      expect(changed).toMatchObject({ status: 200, body: { phone: "138****5678", city: "上海" } });
    });
  });

  it("without a rule are hidden", async () => {
    const { body: role } = await api.admin.send("POST", "/api/v1/roles", { name: "bare", title_zh: "空", title_en: "Bare" });
    expect(role).toMatchObject({ name: "bare", holders: 0 });
    const bare = await api.caller(["bare"]);
    expect((await bare.send("GET", "/api/v1/customers")).status).toBe(403);
    const shown = { role: "bare", entity: "customer", column_name: "city", visibility: "show" };
    await under("permissions", [{ role: "bare", entity: "customer", action: "read", rows: "all" }], async () => {
      const withNone = await bare.send<List>("GET", "/api/v1/customers?limit=1");
      expect(Object.keys(withNone.body.data[0] ?? {}).toSorted()).toEqual(
        ["created_at", "currency", "external_id", "id", "recorded_at", "updated_at", "version"].toSorted(),
      );
      await under("column-rules", [shown], async () =>
        expect(Object.keys((await bare.send<List>("GET", "/api/v1/customers?limit=1")).body.data[0] ?? {})).toContain("city"),
      );
    });
  });
});

describe("O2: approving", () => {
  it("is a right of its own: not with update, not for oneself", async () => {
    const approve = `/api/v1/orders/${ids["ned-pump"]}/approve`;
    expect(await ned.send("POST", approve)).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('"approve" on orders') as string },
    });
    const own = { number: "self", customer_id: ids["ned-customer"], lines: [{ product_id: ids["pump"], quantity: "1", unit_price: "1" }] };
    expect((await ned.send("POST", "/api/v1/orders", { ...own, status: "approved" })).status).toBe(403);
    const noras = await make("orders", { ...own, number: "nora", owner_id: api.company.employees.nora, customer_id: ids["nick-customer"] });
    expect(await nora.send("POST", `/api/v1/orders/${noras}/approve`)).toMatchObject({
      status: 403,
      body: { detail: "this order is credited to you; somebody else approves it" },
    });
    expect((await nora.send("POST", `/api/v1/orders/${ids["sara-pump"]}/approve`)).status).toBe(404);
    expect((await nora.send("POST", approve)).status).toBe(200);
    expect((await ned.send("POST", `/api/v1/orders/${ids["ned-pump"]}/cancel`)).status).toBe(403);
    expect((await nora.send("POST", `/api/v1/orders/${ids["ned-pump"]}/cancel`)).status).toBe(200);
  });
});

describe("O2: lines of business", () => {
  it("finance has receipts and no leads, purchasing products and no orders", async () => {
    const [finance, purchaser] = await Promise.all([api.caller(["finance"]), api.caller(["purchaser"])]);
    await make("receipts", { number: "r", customer_id: ids["sara-customer"], owner_id: api.company.employees.sara, amount: "1" }, finance);
    for (const path of ["leads", "opportunities", "activities", "contacts"])
      expect((await finance.send("GET", `/api/v1/${path}`)).status).toBe(403);
    expect((await finance.send("POST", "/api/v1/customers", { name: "x" })).status).toBe(403);
    await make("products", { name: "新品" }, purchaser);
    for (const path of ["customers", "orders", "receipts"]) expect((await purchaser.send("GET", `/api/v1/${path}`)).status).toBe(403);
  });

  it("a partner outlet's people see their outlet's customers, without costs", async () => {
    const outlet = await make("departments", { name: "渠道门店" });
    const [mine, colleague] = [
      await make("employees", { name: "门店甲", department_id: outlet }),
      await make("employees", { name: "门店乙", department_id: outlet }),
    ];
    const partner = await api.caller(["partner"], mine);
    const customer = await make("customers", { name: "门店客户", owner_id: colleague, phone: "13612345678" });
    expect(await idsOf(partner, "/api/v1/customers")).toEqual([customer]);
    expect((await partner.send("GET", `/api/v1/customers/${customer}`)).body["phone"]).toBe("136****5678");
    expect((await partner.send<List>("GET", "/api/v1/products")).body.data[0]).not.toHaveProperty("cost_price");
    expect((await partner.send("GET", "/api/v1/employees")).status).toBe(403);
  });
});

describe("editing", () => {
  it("is for administrators; auditors read the rules; others see nothing of them", async () => {
    const rule = { role: "sales_rep", entity: "lead", action: "read", rows: "all" };
    for (const path of ["permissions", "column-rules", "roles", "permission-choices", "roles/analyst", "roles/analyst/holders"]) {
      for (const caller of [ned, nora, executive]) expect((await caller.send("GET", `/api/v1/${path}`)).status).toBe(403);
      expect((await auditor.send("GET", `/api/v1/${path}`)).status).toBe(200);
    }
    for (const caller of [ned, executive, auditor]) expect((await caller.send("POST", "/api/v1/permissions", rule)).status).toBe(403);
  });

  it("keeps to versions, tells what is allowed, and leaves entries with old and new", async () => {
    const { body: rule, headers } = await api.admin.send("POST", "/api/v1/permissions", {
      role: "analyst",
      entity: "customer",
      action: "update",
      rows: "own",
    });
    const path = `/api/v1/permissions/${String(rule["id"])}`;
    expect(headers.get("etag")).toBe('"1"');
    expect((await api.admin.send("PATCH", path, { rows: "all" })).status).toBe(428);
    expect((await api.admin.send("PATCH", path, { rows: "all" }, { "if-match": '"1"' })).body).toMatchObject({ rows: "all", version: 2 });
    expect((await api.admin.send("PATCH", path, { rows: "own" }, { "if-match": '"1"' })).status).toBe(412);
    expect((await api.admin.send("POST", "/api/v1/permissions", { ...rule, id: undefined, version: undefined, rows: "all" })).status).toBe(
      409,
    );
    expect((await api.admin.send("DELETE", path, undefined, { "if-match": '"2"' })).status).toBe(204);
    expect((await api.admin.send("GET", path)).status).toBe(404);
    const { rows } = await api.client.query(
      "select action, old_values ->> 'rows' as old, new_values ->> 'rows' as new, actor_id from audit.entries where entity = 'permission' and record_id = $1 order by at, action",
      [rule["id"]],
    );
    expect(rows.map(({ action, old, new: now }: Body) => [action, old, now])).toEqual(
      expect.arrayContaining([
        ["create", null, "own"],
        ["update", "own", "all"],
        ["delete", "all", null],
      ]),
    );
    expect(new Set(rows.map(({ actor_id: actor }: Body) => actor))).toEqual(new Set([api.admin.userId]));
  });

  const bad: [string, Body, string, string][] = [
    ["permissions", { role: "boss", entity: "order", action: "read", rows: "all" }, "role", "there are administrator"],
    ["permissions", { role: "analyst", entity: "invoice", action: "read", rows: "all" }, "entity", "allowed: *, department"],
    ["permissions", { role: "analyst", entity: "lead", action: "approve", rows: "all" }, "action", "allowed: read, create"],
    ["permissions", { role: "analyst", entity: "lead", action: "sell", rows: "all" }, "action", "expected one of read"],
    ["permissions", { role: "analyst", entity: "product", action: "read", rows: "own" }, "rows", "allowed: all"],
    ["permissions", { role: "analyst", entity: "target", action: "read", rows: "public" }, "rows", "allowed: own, subordinates"],
    [
      "permissions",
      { role: "analyst", entity: "target", action: "read", rows: "own", customers: { kind: ["reseller"] } },
      "customers",
      "is of no customer",
    ],
    [
      "permissions",
      { role: "analyst", entity: "order", action: "read", rows: "own", customers: { phone: ["1"] } },
      "customers.phone",
      "allowed: kind",
    ],
    [
      "permissions",
      { role: "analyst", entity: "order", action: "read", rows: "own", customers: { kind: ["shop"] } },
      "customers.kind",
      "allowed: end_customer",
    ],
    [
      "permissions",
      { role: "analyst", entity: "customer", action: "read", rows: "own", product_lines: [] },
      "product_lines",
      "is about no product",
    ],
    ["column-rules", { role: "analyst", entity: "order", column_name: "phone", visibility: "hide" }, "column_name", "allowed: *, number"],
    [
      "column-rules",
      { role: "analyst", entity: "order", column_name: "discount", visibility: "mask" },
      "visibility",
      "allowed: show, hide",
    ],
    ["column-rules", { role: "analyst", entity: "*", column_name: "name", visibility: "hide" }, "column_name", 'only "*"'],
    [
      "column-rules",
      { role: "analyst", entity: "product", column_name: "name", visibility: "hide", whose: "others" },
      "whose",
      "allowed: all",
    ],
  ];
  it("takes no made-up name, however it is written, and says so with 404 or 422", async () => {
    const odd = ["constructor", "__proto__", "a\u0000b", "x".repeat(3000), "'; drop table auth.roles; --", "%"];
    for (const name of odd) {
      const at = encodeURIComponent(name);
      for (const path of [`permissions/${at}`, `column-rules/${at}`, `roles/${at}`, `roles/${at}/holders`]) {
        expect([path, (await api.admin.send("GET", `/api/v1/${path}`)).status]).toEqual([path, 404]);
      }
      const rule = { role: "analyst", entity: "order", action: "read", rows: "own" };
      for (const body of [
        { ...rule, entity: name },
        { ...rule, customers: { [name]: ["x"] } },
        { ...rule, customers: { kind: [name] } },
        { ...rule, product_lines: [name] },
      ]) {
        expect([name, (await api.admin.send("POST", "/api/v1/permissions", JSON.stringify(body))).status]).toEqual([name, 422]);
      }
      const column = { role: "analyst", entity: "order", column_name: name, visibility: "hide" };
      expect((await api.admin.send("POST", "/api/v1/column-rules", column)).status).toBe(422);
      expect((await api.admin.send("PUT", `/api/v1/roles/analyst/holders/${at}`)).status).toBe(404);
    }
  });

  it.each(bad)("refuses %s %j: %s", async (kind, rule, field, said) => {
    const answer = await api.admin.send<{ errors: { field: string; reason: string }[] }>("POST", `/api/v1/${kind}`, rule);
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0]?.field).toBe(field);
    expect(answer.body.errors[0]?.reason).toContain(said);
  });

  it("can't lock everybody out: administrators' rules, the last administrator, roles in use", async () => {
    const rule = { role: "administrator", entity: "lead", action: "read", rows: "all" };
    expect((await api.admin.send("POST", "/api/v1/permissions", rule)).status).toBe(409);
    const { data } = (await api.admin.send<List>("GET", "/api/v1/permissions?role=administrator&action=read")).body;
    for (const { id } of data)
      expect((await api.admin.send("DELETE", `/api/v1/permissions/${String(id)}`, undefined, { "if-match": "*" })).status).toBe(409);
    const last = await api.admin.send("DELETE", `/api/v1/roles/administrator/holders/${api.admin.userId}`);
    expect(last).toMatchObject({ status: 409, body: { detail: "this is the last active administrator; make another one first" } });
    await expect(api.client.query("update auth.holders set active = false where user_id = $1", [api.admin.userId])).rejects.toThrow(
      /last active/,
    );
    await expect(api.client.query(`delete from auth."user" where id = $1`, [api.admin.userId])).rejects.toThrow(/last active/);
    expect((await api.admin.send("PUT", `/api/v1/roles/administrator/holders/${executive.userId}`)).status).toBe(204);
    expect((await executive.send("GET", "/api/v1/permissions")).status).toBe(200);
    expect((await api.admin.send("DELETE", `/api/v1/roles/administrator/holders/${executive.userId}`)).status).toBe(204);
    expect((await executive.send("GET", "/api/v1/permissions")).status).toBe(403);
    expect((await api.admin.send("DELETE", "/api/v1/roles/analyst", undefined, { "if-match": "*" })).status).toBe(409);
    const made = await api.admin.send("POST", "/api/v1/roles", {
      name: "key_accounts",
      title_zh: "大客户",
      title_en: "Key accounts",
      like: "sales_rep",
    });
    expect(made.status).toBe(201);
    const whole = await api.admin.send<{ permissions: Body[] }>("GET", "/api/v1/roles/key_accounts");
    expect(whole.body.permissions.length).toBeGreaterThan(40);
    await api.admin.send("PUT", `/api/v1/roles/key_accounts/holders/${ned.userId}`);
    expect((await api.admin.send("DELETE", "/api/v1/roles/key_accounts", undefined, { "if-match": '"1"' })).status).toBe(409);
    await api.admin.send("DELETE", `/api/v1/roles/key_accounts/holders/${ned.userId}`);
    expect((await api.admin.send("DELETE", "/api/v1/roles/key_accounts", undefined, { "if-match": '"1"' })).status).toBe(204);
  });
});
