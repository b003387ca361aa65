import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maxOpenStages } from "../entities/pipeline-stage.ts";
import { createTestApi, type TestApi, testNow } from "../testing.ts";

type Body = Record<string, unknown>;

let api: TestApi;
let customer: string;
let product: string;
let ned: string;
let serial = 0;

beforeAll(async () => {
  api = await createTestApi();
  ned = api.company.employees.ned;
  customer = String((await api.admin.send("POST", "/api/v1/customers", { name: "甲", owner_id: ned, external_id: "C1" })).body["id"]);
  product = String((await api.admin.send("POST", "/api/v1/products", { name: "泵", external_id: "P1" })).body["id"]);
  await api.admin.send("POST", "/api/v1/exchange-rates/batch", [
    { currency: "USD", rate: "7.1", valid_on: "2026-01-01" },
    { currency: "USD", rate: "7.2", valid_on: "2026-06-01" },
  ]);
});

afterAll(() => api?.close());

const line = (more: Body = {}): Body => ({ product_id: product, quantity: "3", unit_price: "19.99", discount_rate: "0.1", ...more });
const order = (more: Body = {}): Body => ({
  number: `SO-${(serial += 1)}`,
  customer_id: customer,
  owner_id: ned,
  lines: [line()],
  ...more,
});
const eventsOf = async (kind: string, id: unknown): Promise<unknown[][]> =>
  (
    await api.client.query<Body>(
      `select from_value, to_value, effective_at from crm.${kind}_events where record_id = $1 order by row_key`,
      [id],
    )
  ).rows.map(({ from_value, to_value, effective_at }) => [from_value, to_value, (effective_at as Date).toISOString()]);

describe("orders", () => {
  it("are written with their lines; the server works out amounts, department and rate", async () => {
    const { status, body } = await api.admin.send(
      "POST",
      "/api/v1/orders",
      order({ lines: [line(), line({ quantity: "0.3333", unit_price: "10", discount_rate: "0", tax_rate: "0.06" })] }),
    );
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: "draft",
      currency: "CNY",
      exchange_rate: "1.00000000",
      department_id: api.company.departments.north,
      ordered_at: testNow,
    });
    expect(body["lines"]).toMatchObject([
      { line_number: 1, amount: "53.97", tax_amount: "7.02", tax_rate: "0.13000000", currency: "CNY" },
      { line_number: 2, amount: "3.33", tax_amount: "0.20", currency: "CNY" },
    ]);
    const read = await api.admin.send("GET", `/api/v1/orders/${String(body["id"])}`);
    expect(read.body).toEqual(body);
    const listed = await api.admin.send<{ data: Body[] }>("GET", `/api/v1/orders?id=${String(body["id"])}`);
    expect(listed.body.data[0]).not.toHaveProperty("lines");
    const withLines = await api.admin.send<{ data: Body[] }>("GET", `/api/v1/orders?id=${String(body["id"])}&fields=number,lines`);
    expect(withLines.body.data[0]?.["lines"]).toHaveLength(2);
  });

  it("refuse amounts from the writer, empty orders, a discount above the sum and unknown products, naming the line", async () => {
    const post = (body: Body) => api.admin.send<{ errors: { field: string; reason: string }[] }>("POST", "/api/v1/orders", body);
    const computed = await post(order({ lines: [line({ amount: "1" })] }));
    expect(computed).toMatchObject({
      status: 422,
      body: { errors: [{ field: "lines[0].amount", reason: expect.stringContaining("set by the server") as string }] },
    });
    expect((await post(order({ lines: [] }))).body.errors).toMatchObject([{ field: "lines" }]);
    expect((await post(order({ discount: "60.00" }))).body.errors).toMatchObject([
      { field: "discount", reason: "must not exceed the sum of the lines, 53.97" },
    ]);
    const unknown = await post(
      order({ lines: [line(), { quantity: "1", unit_price: "1", product_external_id: "P9" }, { quantity: "1", unit_price: "1" }] }),
    );
    expect(unknown.body.errors.map(({ field }) => field)).toEqual(["lines[1].product_external_id", "lines[2].product_id"]);
    const both = await post(order({ customer_external_id: "C1" }));
    expect(both.body.errors).toMatchObject([
      { field: "customer_external_id", reason: "give either customer_id or customer_external_id, not both" },
    ]);
  });

  it("refuse an amount that money can't hold", async () => {
    const lines = [line({ quantity: "99999999999999", unit_price: "9999999999999", discount_rate: "0" })];
    const { status, body } = await api.admin.send("POST", "/api/v1/orders", order({ lines }));
    expect([status, body["detail"]]).toEqual([422, expect.stringContaining("must be below")]);
  });

  it("refuse figures beyond what sums and products of them can hold, whichever way they come about", async () => {
    const refused = async (more: Body, field: string): Promise<void> => {
      const answer = await api.admin.send("POST", "/api/v1/orders", order(more));
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ field, reason: expect.stringContaining("below") as string }] } });
    };
    await refused({ lines: [line({ quantity: "99999999999999", unit_price: "0", unit_cost: "1" })] }, "lines");
    await refused({ lines: [line({ unit_cost: "10000000000000" })] }, "lines[0].unit_cost");
    await refused({ currency: "USD", exchange_rate: "9999999999", lines: [line({ unit_price: "1000" })] }, "lines");
    await refused({ freight: "10000000000000" }, "freight");
    await refused({ freight: "9999999999999.99" }, "lines");
    const { body } = await api.admin.send("POST", "/api/v1/orders", order({ currency: "USD" }));
    const path = `/api/v1/orders/${String(body["id"])}`;
    const changed = await api.admin.send("PATCH", path, { exchange_rate: "999999999999" }, { "if-match": "*" });
    expect(changed).toMatchObject({ status: 422 });
    expect(await api.admin.send("PATCH", path, { exchange_rate: "9999999999" }, { "if-match": "*" })).toMatchObject({ status: 200 });
    const receipt = { number: "R-huge", customer_id: customer, owner_id: ned, amount: "9999999999999999.99" };
    expect(await api.admin.send("POST", "/api/v1/receipts", receipt)).toMatchObject({
      status: 422,
      body: { errors: [{ field: "amount" }] },
    });
    const opportunity = { name: "x", owner_id: ned, amount: "2000", currency: "USD", exchange_rate: "9999999999" };
    expect(await api.admin.send("POST", "/api/v1/opportunities", opportunity)).toMatchObject({ status: 422 });
  });

  it("replace lines by PATCH: named ones change, others go, new ones come", async () => {
    const created = await api.admin.send("POST", "/api/v1/orders", order({ lines: [line(), line({ unit_price: "5" })] }));
    const path = `/api/v1/orders/${String(created.body["id"])}`;
    const [first] = created.body["lines"] as Body[];
    const changed = await api.admin.send(
      "PATCH",
      path,
      {
        lines: [
          { id: first?.["id"], quantity: "4" },
          { product_external_id: "P1", quantity: "1", unit_price: "7" },
        ],
      },
      { "if-match": '"1"' },
    );
    expect(changed).toMatchObject({ status: 200, body: { version: 2 } });
    expect(changed.body["lines"]).toMatchObject([
      { id: first?.["id"], line_number: 1, quantity: "4.0000", amount: "71.96", version: 2 },
      { line_number: 2, unit_price: "7.00", amount: "7.00", version: 1 },
    ]);
    const { rows } = await api.client.query(
      "select count(*)::int as count from crm.order_lines where order_id = $1 and deleted_at is not null",
      [created.body["id"]],
    );
    expect(rows).toEqual([{ count: 1 }]);
    const foreign = await api.admin.send("PATCH", path, { lines: [{ id: product, quantity: "4" }] }, { "if-match": '"2"' });
    expect(foreign).toMatchObject({ status: 422, body: { errors: [{ field: "lines[0].id" }] } });
    const incomplete = await api.admin.send("PATCH", path, { lines: [{ product_id: product }] }, { "if-match": '"2"' });
    expect(incomplete).toMatchObject({ status: 422, body: { errors: [{ field: "lines[0].quantity" }, { field: "lines[0].unit_price" }] } });
    const tooMuch = await api.admin.send("PATCH", path, { discount: "100" }, { "if-match": '"2"' });
    expect(tooMuch).toMatchObject({ status: 422, body: { errors: [{ field: "discount" }] } });
  });

  it("have lines with keys of their own, which are taken once and can be changed", async () => {
    const keyed = (...keys: string[]): Body => order({ lines: keys.map((external_id) => line({ external_id })) });
    const first = await api.admin.send<{ id: string; lines: Body[] }>("POST", "/api/v1/orders", keyed("L1", "L2"));
    expect(first.status).toBe(201);
    const taken = await api.admin.send("POST", "/api/v1/orders", keyed("L1"));
    expect(taken).toMatchObject({ status: 409, body: { errors: [{ field: "lines.external_id" }] } });
    const batch = await api.admin.send("POST", "/api/v1/orders/batch", [keyed("L8"), keyed("L9", "L9"), keyed("L1")]);
    expect(batch).toMatchObject({
      status: 422,
      body: {
        errors: [
          { index: 1, field: "lines.external_id" },
          { index: 2, field: "lines.external_id" },
        ],
      },
    });

    const path = `/api/v1/orders/${first.body.id}`;
    const one = first.body.lines[0]?.["id"];
    const twice = await api.admin.send("PATCH", path, { lines: [{ id: one }, { id: one, quantity: "9" }] }, { "if-match": "*" });
    expect(twice).toMatchObject({ status: 422, body: { errors: [{ field: "lines[1].id" }] } });
    const dated = await api.admin.send("PATCH", path, { lines: [line({ created_at: "2001-01-01T00:00:00Z" })] }, { "if-match": "*" });
    expect(dated).toMatchObject({ status: 422, body: { errors: [{ field: "lines[0].created_at" }] } });
    await api.admin.send("POST", "/api/v1/orders", keyed("L3"));
    const clash = await api.admin.send("PATCH", path, { lines: [{ id: one, external_id: "L3" }] }, { "if-match": "*" });
    expect(clash).toMatchObject({ status: 409, body: { errors: [{ field: "lines.external_id" }] } });
    // The key of the line that goes is free for the one that stays.
    const passed = await api.admin.send("PATCH", path, { lines: [{ id: one, external_id: "L2" }] }, { "if-match": "*" });
    expect(passed).toMatchObject({ status: 200, body: { lines: [{ id: one, external_id: "L2" }] } });
  });

  it("take their lines along when deleted, and bring them back", async () => {
    const created = await api.admin.send("POST", "/api/v1/orders", order());
    const id = String(created.body["id"]);
    const lines = async () => (await api.admin.send<{ data: Body[] }>("GET", `/api/v1/order-lines?order_id=${id}`)).body.data.length;
    expect(await lines()).toBe(1);
    expect((await api.admin.send("DELETE", `/api/v1/orders/${id}`, undefined, { "if-match": '"1"' })).status).toBe(204);
    expect(await lines()).toBe(0);
    expect((await api.admin.send("POST", `/api/v1/orders/${id}/restore`)).body["lines"]).toHaveLength(1);
  });

  it("are approved and cancelled by verbs, with the time the step holds from", async () => {
    const created = await api.admin.send("POST", "/api/v1/orders", order());
    const path = `/api/v1/orders/${String(created.body["id"])}`;
    const direct = await api.admin.send("PATCH", path, { status: "approved" }, { "if-match": '"1"' });
    expect(direct).toMatchObject({
      status: 422,
      body: { errors: [{ field: "status", reason: expect.stringContaining("/approve") as string }] },
    });
    expect(await api.admin.send("POST", `${path}/approve`)).toMatchObject({ status: 200, body: { status: "approved", version: 2 } });
    expect(await api.admin.send("POST", `${path}/approve`)).toMatchObject({ status: 409 });
    expect((await api.admin.send("POST", `${path}/cancel`, {}, { "if-match": '"1"' })).status).toBe(412);
    expect(await api.admin.send("POST", `${path}/cancel`, { effective_at: "2026-11-23T00:00:00+08:00" })).toMatchObject({
      status: 200,
      body: { status: "cancelled" },
    });
    expect(await eventsOf("status", created.body["id"])).toEqual([
      [null, "draft", "2026-11-22T01:30:00.000Z"],
      ["draft", "approved", "2026-11-22T01:30:00.000Z"],
      ["approved", "cancelled", "2026-11-22T16:00:00.000Z"],
    ]);
  });

  it("can't take a step before the one they took last", async () => {
    const { body } = await api.admin.send("POST", "/api/v1/orders", order());
    const approved = await api.admin.send("POST", `/api/v1/orders/${String(body["id"])}/approve`, { effective_at: "2020-01-01T00:00:00Z" });
    expect(approved).toMatchObject({ status: 422, body: { errors: [{ field: "effective_at" }] } });
    const owned = await api.admin.send("POST", "/api/v1/customers", { name: "丙", owner_id: ned });
    const assigned = await api.admin.send("POST", `/api/v1/customers/${String(owned.body["id"])}/assign`, {
      owner_id: api.company.employees.nick,
      effective_at: "2020-01-01T00:00:00Z",
    });
    expect(assigned).toMatchObject({ status: 422, body: { errors: [{ field: "effective_at" }] } });
  });

  it("keep the rate of their day in the company's zone, unless the writer gives one", async () => {
    const post = (more: Body) => api.admin.send("POST", "/api/v1/orders", order({ currency: "USD", ...more }));
    expect((await post({ ordered_at: "2026-05-31T15:59:59Z" })).body["exchange_rate"]).toBe("7.10000000");
    const june = await post({ ordered_at: "2026-05-31T16:00:00Z" });
    expect(june.body["exchange_rate"]).toBe("7.20000000");
    expect((await post({ exchange_rate: "6.9" })).body["exchange_rate"]).toBe("6.90000000");
    expect(await post({ ordered_at: "2025-12-31T00:00:00Z" })).toMatchObject({
      status: 422,
      body: { errors: [{ field: "exchange_rate", reason: expect.stringContaining("2025-12-31") as string }] },
    });
    expect(await api.admin.send("POST", "/api/v1/orders", order({ exchange_rate: "2" }))).toMatchObject({
      status: 422,
      body: { errors: [{ field: "exchange_rate" }] },
    });
    const toCompany = await api.admin.send(
      "PATCH",
      `/api/v1/orders/${String(june.body["id"])}`,
      { currency: "CNY" },
      { "if-match": '"1"' },
    );
    expect(toCompany.body["exchange_rate"]).toBe("1.00000000");
  });
});

describe("an exchange rate", () => {
  it("is never 0, nor empty: emptied, it is the one of the document's date again", async () => {
    const zero = await api.admin.send("POST", "/api/v1/orders", order({ currency: "USD", exchange_rate: "0" }));
    expect(zero).toMatchObject({ status: 422, body: { errors: [{ field: "exchange_rate", reason: "must be greater than 0" }] } });
    const noRate = await api.admin.send("POST", "/api/v1/exchange-rates", { currency: "EUR", rate: "0.00", valid_on: "2026-01-01" });
    expect(noRate).toMatchObject({ status: 422, body: { errors: [{ field: "rate" }] } });

    for (const [currency, rate] of [
      ["USD", "7.20000000"],
      ["CNY", "1.00000000"],
    ]) {
      const { body } = await api.admin.send("POST", "/api/v1/orders", order({ currency }));
      const path = `/api/v1/orders/${String(body["id"])}`;
      if (currency === "USD") await api.admin.send("PATCH", path, { exchange_rate: "6.5" }, { "if-match": '"1"' });
      const emptied = await api.admin.send("PATCH", path, { exchange_rate: null }, { "if-match": "*" });
      expect(emptied).toMatchObject({ status: 200, body: { exchange_rate: rate } });
    }
  });
});

describe("opportunities", () => {
  const stage = (id: unknown, body: Body) => api.admin.send("POST", `/api/v1/opportunities/${String(id)}/stage`, body);

  it("start in the pipeline's first stage and follow its stages to the end and back", async () => {
    const created = await api.admin.send("POST", "/api/v1/opportunities", {
      name: "泵站",
      owner_id: ned,
      customer_id: customer,
      created_at: "2026-10-01T00:00:00Z",
    });
    expect(created).toMatchObject({
      status: 201,
      body: { stage: "first_talk", status: "open", closed_at: null, amount: "0.00", department_id: api.company.departments.north },
    });
    const { id } = created.body;
    const won = await stage(id, { stage: "won", effective_at: "2026-11-01T02:00:00Z", close_reason: "price" });
    expect(won).toMatchObject({
      status: 200,
      body: { status: "won", closed_at: "2026-11-01T02:00:00Z", close_reason: "price", version: 2 },
    });
    const early = await stage(id, { stage: "lost", effective_at: "2026-10-15T00:00:00Z" });
    expect(early).toMatchObject({
      status: 422,
      body: { errors: [{ field: "effective_at", reason: expect.stringContaining("2026-11-01T02:00:00Z") as string }] },
    });
    const unknown = await stage(id, { stage: "signed" });
    expect(unknown).toMatchObject({
      status: 422,
      body: { errors: [{ field: "stage", reason: expect.stringContaining("first_talk, negotiation, won, lost") as string }] },
    });
    const reopened = await stage(id, { stage: "negotiation" });
    expect(reopened.body).toMatchObject({ status: "open", closed_at: null, close_reason: null });
    expect(await eventsOf("stage", id)).toEqual([
      [null, "first_talk", "2026-10-01T00:00:00.000Z"],
      ["first_talk", "won", "2026-11-01T02:00:00.000Z"],
      ["won", "negotiation", "2026-11-22T01:30:00.000Z"],
    ]);
    expect((await eventsOf("status", id)).map(([from, to]) => [from, to])).toEqual([
      [null, "open"],
      ["open", "won"],
      ["won", "open"],
    ]);
    const patched = await api.admin.send("PATCH", `/api/v1/opportunities/${String(id)}`, { stage: "lost" }, { "if-match": '"3"' });
    expect(patched.body).toMatchObject({ status: "lost", closed_at: testNow });
  });

  it("close for one of the reasons that the company keeps for the outcome, if it keeps any", async () => {
    const create = async () => String((await api.admin.send("POST", "/api/v1/opportunities", { name: "x", owner_id: ned })).body["id"]);
    const id = await create();
    const unknown = await stage(id, { stage: "lost", close_reason: "service" });
    expect(unknown).toMatchObject({
      status: 422,
      body: { errors: [{ field: "close_reason", reason: expect.stringContaining("price, competitor, no_budget, no_decision") as string }] },
    });
    expect((await stage(id, { stage: "lost", close_reason: "competitor" })).body).toMatchObject({ close_reason: "competitor" });
    // A competitor is no reason for having won, and nobody gave another.
    expect((await stage(id, { stage: "won" })).body).toMatchObject({ status: "won", close_reason: null });
    const path = `/api/v1/opportunities/${id}`;
    const patched = await api.admin.send("PATCH", path, { close_reason: "weather" }, { "if-match": "*" });
    expect(patched).toMatchObject({ status: 422, body: { errors: [{ field: "close_reason" }] } });
    const body = { name: "x", owner_id: ned, stage: "lost", close_reason: "weather" };
    const batch = await api.admin.send("POST", "/api/v1/opportunities/batch", [{ ...body, close_reason: "price" }, body]);
    expect(batch).toMatchObject({ status: 422, body: { errors: [{ index: 1, field: "close_reason" }] } });

    await api.client.query("update crm.close_reasons set deleted_at = now() where outcome = 'lost'");
    try {
      expect((await api.admin.send("POST", "/api/v1/opportunities", body)).body).toMatchObject({ close_reason: "weather" });
    } finally {
      await api.client.query("update crm.close_reasons set deleted_at = null where outcome = 'lost'");
    }
  });

  it("tell every change of amount and expected close", async () => {
    const { body } = await api.admin.send("POST", "/api/v1/opportunities", {
      name: "x",
      owner_id: ned,
      amount: "1000",
      created_at: "2026-10-01T00:00:00Z",
    });
    const path = `/api/v1/opportunities/${String(body["id"])}`;
    await api.admin.send("PATCH", path, { amount: "1200.5", expected_close_on: "2026-12-01" }, { "if-match": '"1"' });
    await api.admin.send("PATCH", path, { amount: "1200.50", expected_close_on: null }, { "if-match": '"2"' });
    const now = "2026-11-22T01:30:00.000Z";
    expect(await eventsOf("amount", body["id"])).toEqual([
      [null, "1000.00", "2026-10-01T00:00:00.000Z"],
      ["1000.00", "1200.50", now],
    ]);
    expect(await eventsOf("expected_close", body["id"])).toEqual([
      [null, "2026-12-01", now],
      ["2026-12-01", null, now],
    ]);
  });

  it("are always in a stage", async () => {
    const { body } = await api.admin.send("POST", "/api/v1/opportunities", { name: "x", owner_id: ned });
    const emptied = await api.admin.send("PATCH", `/api/v1/opportunities/${String(body["id"])}`, { stage: null }, { "if-match": '"1"' });
    expect(emptied).toMatchObject({ status: 422, body: { errors: [{ field: "stage" }] } });
  });

  it("can be imported with the stages they went through", async () => {
    const history = [
      { stage: "first_talk", effective_at: "2025-01-01T00:00:00Z" },
      { stage: "negotiation", effective_at: "2025-02-01T00:00:00Z" },
      { stage: "won", effective_at: "2025-03-01T00:00:00Z" },
    ];
    const imported = await api.admin.send("POST", "/api/v1/opportunities", { name: "旧单", owner_id: ned, stage_history: history });
    expect(imported).toMatchObject({
      status: 201,
      body: { stage: "won", status: "won", created_at: "2025-01-01T00:00:00Z", closed_at: "2025-03-01T00:00:00Z", recorded_at: testNow },
    });
    expect(await eventsOf("stage", imported.body["id"])).toEqual([
      [null, "first_talk", "2025-01-01T00:00:00.000Z"],
      ["first_talk", "negotiation", "2025-02-01T00:00:00.000Z"],
      ["negotiation", "won", "2025-03-01T00:00:00.000Z"],
    ]);
    expect((await eventsOf("status", imported.body["id"])).map(([, to]) => to)).toEqual(["open", "won"]);
    const backwards = await api.admin.send("POST", "/api/v1/opportunities", {
      name: "x",
      owner_id: ned,
      stage_history: history.toReversed(),
    });
    expect(backwards).toMatchObject({
      status: 422,
      body: { errors: [{ field: "stage_history", reason: expect.stringContaining("earlier") as string }] },
    });
    const closed = await api.admin.send("POST", "/api/v1/opportunities", {
      name: "x",
      owner_id: ned,
      stage: "lost",
      closed_at: "2025-05-01T00:00:00Z",
    });
    expect(closed.body).toMatchObject({ status: "lost", closed_at: "2025-05-01T00:00:00Z" });
    const open = await api.admin.send("POST", "/api/v1/opportunities", { name: "x", owner_id: ned, closed_at: "2025-05-01T00:00:00Z" });
    expect(open).toMatchObject({ status: 422, body: { errors: [{ field: "closed_at" }] } });
    const elsewhere = await api.admin.send("POST", "/api/v1/opportunities", { name: "x", owner_id: ned, pipeline: "maven" });
    expect(elsewhere).toMatchObject({
      status: 422,
      body: { errors: [{ field: "pipeline", reason: 'there is no pipeline "maven"; there are default' }] },
    });
  });
});

describe("pipeline stages", () => {
  it("stay as they are while opportunities are in them", async () => {
    await api.admin.send("POST", "/api/v1/opportunities", { name: "x", owner_id: ned });
    const found = await api.admin.send<{ data: Body[] }>("GET", "/api/v1/pipeline-stages?code=first_talk");
    const path = `/api/v1/pipeline-stages/${String(found.body.data[0]?.["id"])}`;
    const removed = await api.admin.send("DELETE", path, undefined, { "if-match": '"1"' });
    expect(removed).toMatchObject({ status: 409, body: { errors: [{ field: "opportunities" }] } });
    const recoded = await api.admin.send("PATCH", path, { code: "hello" }, { "if-match": '"1"' });
    expect(recoded).toMatchObject({ status: 422, body: { errors: [{ field: "code" }] } });
    expect((await api.admin.send("PATCH", path, { name: "初谈" }, { "if-match": '"1"' })).status).toBe(200);
  });

  it("are so few that a jump over all of them can be told stage by stage", async () => {
    const stage = (position: number, more: Body = {}): Body => ({
      pipeline: "long",
      code: `s${position}`,
      name: "x",
      name_en: "x",
      position,
      ...more,
    });
    const stages = Array.from({ length: maxOpenStages + 1 }, (_, index) => stage(index + 1));
    const ends = [stage(98, { outcome: "won" }), stage(99, { outcome: "lost" })];
    const reason = 'pipeline "long" has 48 open stages, as many as a pipeline may have; delete one of them first, or use another pipeline';
    expect(await api.admin.send("POST", "/api/v1/pipeline-stages/batch", { records: [...ends, ...stages] })).toMatchObject({
      status: 422,
      body: { errors: [{ index: maxOpenStages + 2, field: "pipeline", reason }] },
    });
    const full = { records: [...ends, ...stages.slice(0, -1)] };
    expect((await api.admin.send("POST", "/api/v1/pipeline-stages/batch", full)).status).toBe(201);
    expect(await api.admin.send("POST", "/api/v1/pipeline-stages", stage(60))).toMatchObject({
      status: 422,
      body: { errors: [{ field: "pipeline", reason }] },
    });

    const { body } = await api.admin.send<{ data: Body[] }>("GET", "/api/v1/pipeline-stages?pipeline=long&limit=500");
    const pathOf = (code: string): string => `/api/v1/pipeline-stages/${String(body.data.find((each) => each["code"] === code)?.["id"])}`;
    const anyVersion = { "if-match": "*" };
    expect(await api.admin.send("PATCH", pathOf("s98"), { outcome: "open" }, anyVersion)).toMatchObject({
      status: 422,
      body: { errors: [{ field: "outcome", reason }] },
    });
    const elsewhere = await api.admin.send("POST", "/api/v1/pipeline-stages", stage(60, { pipeline: "short" }));
    const moved = `/api/v1/pipeline-stages/${String(elsewhere.body["id"])}`;
    expect(await api.admin.send("PATCH", moved, { pipeline: "long" }, anyVersion)).toMatchObject({
      status: 422,
      body: { errors: [{ field: "pipeline", reason }] },
    });
    expect((await api.admin.send("PATCH", pathOf("s1"), { name: "y", outcome: "open" }, anyVersion)).status).toBe(200);

    expect((await api.admin.send("DELETE", pathOf("s1"), undefined, anyVersion)).status).toBe(204);
    expect((await api.admin.send("PATCH", moved, { pipeline: "long" }, anyVersion)).status).toBe(200);
    expect(await api.admin.send("POST", `${pathOf("s1")}/restore`, {})).toMatchObject({
      status: 409,
      body: { errors: [{ field: "pipeline", reason }] },
    });
  });
});

describe("targets", () => {
  it("are for a month, one per measure, level, department and person", async () => {
    const body = { measure: "order_amount", department_id: api.company.departments.north, amount: "100000" };
    expect(await api.admin.send("POST", "/api/v1/targets", { ...body, month: "2026-11-02" })).toMatchObject({
      status: 422,
      body: { errors: [{ field: "month" }] },
    });
    const create = () => api.admin.send("POST", "/api/v1/targets", { ...body, month: "2026-11-01" });
    expect((await create()).status).toBe(201);
    expect((await create()).status).toBe(409);
    const batch = await api.admin.send("POST", "/api/v1/targets/batch", {
      records: [
        { ...body, month: "2026-12-01" },
        { ...body, month: "2026-11-01" },
      ],
    });
    expect(batch).toMatchObject({ status: 422, body: { errors: [{ index: 1 }] } });
  });
});
