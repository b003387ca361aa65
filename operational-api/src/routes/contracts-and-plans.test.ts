import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../testing.ts";

type Body = Record<string, unknown>;

let api: TestApi;
let customer: string;
let product: string;
let owner: string;
let serial = 0;

beforeAll(async () => {
  api = await createTestApi();
  owner = api.company.employees.ned;
  customer = String((await api.admin.send("POST", "/api/v1/customers", { name: "甲", owner_id: owner })).body["id"]);
  product = String((await api.admin.send("POST", "/api/v1/products", { name: "泵" })).body["id"]);
});

afterAll(() => api?.close());

const post = (collection: string, body: unknown) => api.admin.send("POST", `/api/v1/${collection}`, body);
const patch = (collection: string, id: unknown, body: Body) =>
  api.admin.send("PATCH", `/api/v1/${collection}/${String(id)}`, body, { "if-match": "*" });
const refusal = (field: string, reason: string, more: Body = {}): Body => ({
  status: 422,
  body: { errors: [{ field, reason: expect.stringContaining(reason) as string, ...more }] },
});

describe("contracts", () => {
  const contract = (more: Body = {}): Body => ({
    number: `HT-${(serial += 1)}`,
    customer_id: customer,
    owner_id: owner,
    starts_on: "2026-01-01",
    ends_on: "2026-12-31",
    ...more,
  });

  it("run from a day to a day not before it", async () => {
    expect(await post("contracts", contract({ ends_on: "2025-12-31" }))).toMatchObject(
      refusal("ends_on", "is 2025-12-31, before starts_on, 2026-01-01"),
    );
    const { body } = await post("contracts", contract({ ends_on: "2026-01-01" }));
    expect(body).toMatchObject({ status: "draft", amount: "0.00", currency: "CNY", department_id: api.company.departments.north });
    expect(await patch("contracts", body["id"], { starts_on: "2026-02-01" })).toMatchObject(refusal("ends_on", "before starts_on"));
    expect(await post("contracts", contract({ signed_on: "2027-01-01" }))).toMatchObject(refusal("signed_on", "after ends_on"));
  });

  it("say when they ended early: today, if nobody says, and never outside their term", async () => {
    const { body } = await post("contracts", contract({ status: "effective" }));
    expect(await patch("contracts", body["id"], { terminated_on: "2026-05-01" })).toMatchObject(
      refusal("terminated_on", "its status must be terminated"),
    );
    const ended = await patch("contracts", body["id"], { status: "terminated", termination_reason: "price" });
    expect(ended.body).toMatchObject({ status: "terminated", terminated_on: "2026-11-22" });
    expect(await patch("contracts", body["id"], { terminated_on: "2025-05-01" })).toMatchObject(
      refusal("terminated_on", "before starts_on"),
    );
    expect(await patch("contracts", body["id"], { terminated_on: "2027-05-01" })).toMatchObject(refusal("terminated_on", "its full term"));
    expect((await patch("contracts", body["id"], { status: "effective" })).body).toMatchObject({ terminated_on: null });
  });

  it("renew another, and not in a circle", async () => {
    const first = await post("contracts", contract());
    const second = await post("contracts", contract({ renewal_of_id: first.body["id"], starts_on: "2027-01-01", ends_on: "2027-12-31" }));
    expect(second.status).toBe(201);
    expect(await patch("contracts", first.body["id"], { renewal_of_id: second.body["id"] })).toMatchObject({ status: 422 });
  });
});

describe("instalments", () => {
  /** 2 × 100.00 with 13 % tax and freight 10.00, less 6.00: 230.00. */
  const order = async (): Promise<string> => {
    const { body } = await post("orders", {
      number: `SO-${(serial += 1)}`,
      customer_id: customer,
      owner_id: owner,
      freight: "10",
      discount: "6",
      lines: [{ product_id: product, quantity: "2", unit_price: "100" }],
    });
    return String(body["id"]);
  };
  const part = (order_id: string, sequence: number, amount: string): Body => ({
    order_id,
    sequence,
    amount,
    kind: "delivery",
    due_on: "2026-12-01",
  });

  it("are together at most the order's total with tax and freight", async () => {
    const order_id = await order();
    expect((await post("instalments", part(order_id, 1, "100"))).body).toMatchObject({ amount: "100.00", currency: "CNY" });
    expect(await post("instalments", part(order_id, 2, "130.01"))).toMatchObject(
      refusal("amount", "230.01, 0.01 more than its total with tax and freight, 230.00"),
    );
    const batch = await post("instalments/batch", [part(order_id, 2, "100"), part(order_id, 3, "30.50")]);
    expect(batch).toMatchObject(refusal("amount", "0.50 more", { index: 1 }));
    const whole = await post("instalments/batch", [part(order_id, 2, "100"), part(order_id, 3, "30")]);
    expect(whole.status).toBe(201);
    expect((await post("instalments", part(order_id, 3, "0"))).status).toBe(409);
  });

  it("stay within it when one changes, moves or comes back", async () => {
    const order_id = await order();
    const { body } = await post("instalments", part(order_id, 1, "200"));
    expect((await patch("instalments", body["id"], { amount: "230" })).status).toBe(200);
    expect(await patch("instalments", body["id"], { amount: "231" })).toMatchObject(refusal("amount", "1.00 more"));
    const other = await order();
    await post("instalments", part(other, 2, "100"));
    expect(await patch("instalments", body["id"], { order_id: other })).toMatchObject(refusal("amount", "100.00 more"));
    const path = `instalments/${String(body["id"])}`;
    await api.admin.send("DELETE", `/api/v1/${path}`, undefined, { "if-match": "*" });
    await post("instalments", part(order_id, 2, "30"));
    expect(await post(`${path}/restore`, undefined)).toMatchObject({ status: 409, body: { errors: [{ field: "amount" }] } });
  });

  it("keep their order from becoming smaller than they are", async () => {
    const order_id = await order();
    await post("instalments", part(order_id, 1, "230"));
    expect(await patch("orders", order_id, { freight: "9.99" })).toMatchObject(refusal("freight", "0.01 less than the instalments"));
    expect(await patch("orders", order_id, { lines: [{ product_id: product, quantity: "1", unit_price: "100" }] })).toMatchObject(
      refusal("lines", "less than the instalments"),
    );
    expect((await patch("orders", order_id, { freight: "20" })).status).toBe(200);
  });

  it("of one order are written one after the other", async () => {
    const order_id = await order();
    const answers = await Promise.all([1, 2, 3].map((sequence) => post("instalments", part(order_id, sequence, "100"))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 422]);
  });
});

describe("company settings", () => {
  it("have known keys and values only", async () => {
    expect(await post("company-settings", { key: "winrate", value: "all" })).toMatchObject(refusal("key", 'did you mean "win_rate"?'));
    expect(await post("company-settings", { key: "win_rate", value: "most" })).toMatchObject(
      refusal("value", "win_rate is one of closed, all, closed_and_overdue"),
    );
    expect(await post("company-settings", { key: "active_days", value: "0" })).toMatchObject(refusal("value", "from 1 to 3650"));
    expect(await post("company-settings", { key: "cost_to_serve_per_visit", value: "-1" })).toMatchObject(refusal("value", "such as"));
    const { body } = await post("company-settings", { key: "cost_to_serve_per_visit", value: "120.5" });
    expect(body).toMatchObject({ value: "120.50" });
    expect(await patch("company-settings", body["id"], { key: "active_days" })).toMatchObject(refusal("value", "whole number"));
    expect((await patch("company-settings", body["id"], { value: "80" })).body).toMatchObject({ value: "80.00" });
    expect((await post("company-settings", { key: "cost_to_serve_per_visit", value: "1" })).status).toBe(409);
  });

  it("are decided by administrators only", async () => {
    const executive = await api.caller(["executive"]);
    expect((await executive.send("POST", "/api/v1/company-settings", { key: "win_rate", value: "all" })).status).toBe(403);
  });
});

describe("churn definitions", () => {
  it("give the number that their method needs, one per segment", async () => {
    expect(await post("churn-definitions", { segment: "reseller", method: "interval", days: 90 })).toMatchObject(
      refusal("multiple", 'needed by the method "interval"'),
    );
    const { body } = await post("churn-definitions", { segment: "reseller", method: "interval", multiple: "3" });
    expect(body).toMatchObject({ multiple: "3.00000000", days: null });
    expect(await patch("churn-definitions", body["id"], { method: "days" })).toMatchObject(refusal("days", "such as 365"));
    expect(await post("churn-definitions", { segment: "vip", method: "contract_end" })).toMatchObject(refusal("segment", "reseller"));
    // A new company has one for every segment.
    expect((await post("churn-definitions", { method: "contract_end" })).status).toBe(409);
    const batch = await post("churn-definitions/batch", [{ segment: "partner", method: "contract_end" }, { method: "contract_end" }]);
    expect(batch).toMatchObject(refusal("segment", "already has this value", { index: 1 }));
  });
});

describe("a new company", () => {
  it("starts with a value model whose weights add up to 1, tiers, a churn definition and reasons for both ends", async () => {
    const listed = async (collection: string): Promise<Body[]> =>
      (await api.admin.send<{ data: Body[] }>("GET", `/api/v1/${collection}?limit=100`)).body.data;
    const weights = (await listed("value-criteria")).map(({ weight }) => Number(weight));
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10);
    expect((await listed("value-tiers")).map(({ tier }) => tier)).toEqual(expect.arrayContaining(["top_1", "top_5", "top_20", "rest"]));
    expect(await listed("churn-definitions")).toContainEqual(expect.objectContaining({ segment: null, method: "days", days: 365 }));
    expect(new Set((await listed("close-reasons")).map(({ outcome }) => outcome))).toEqual(new Set(["won", "lost"]));
  });
});
