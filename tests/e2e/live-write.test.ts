import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { signInDemo, untilFresh, type Session } from "../stack.ts";

const stack = inject("stack");

/** Those who see the rep's figures. */
const witnesses = ["sales_rep", "sales_manager", "executive", "analyst"] as const;

let sessions: Awaited<ReturnType<typeof signInDemo>>;
let rep: Session;
let repId: string;
let customerId: string;
/** Where the last write stands in the log. */
let written: string;

const run = randomUUID().slice(0, 8);

/** A write as a user makes it, the rep unless said otherwise. Returns the record and where it stands in the log. */
async function write(path: string, body: object = {}, writer: Session = rep): Promise<{ record: Record<string, unknown>; lsn: string }> {
  const response = await writer.fetch(`/api/v1/${path}`, { method: "POST", body: JSON.stringify(body) });
  const record = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${JSON.stringify(record)}`);
  const lsn = response.headers.get("kehu-commit");
  if (!lsn) throw new Error(`POST ${path} answered without Kehu-Commit`);
  return { record, lsn };
}

beforeAll(async () => {
  sessions = await signInDemo(stack);
  rep = sessions.sales_rep;
  repId = (await rep.json<{ employee_id: string }>("/api/v1/me")).employee_id;
  const { record, lsn } = await write("customers", { name: `现场客户 ${run}`, owner_id: repId, province: "浙江省" });
  customerId = String(record["id"]);
  written = lsn;
  await untilFresh(stack, lsn);
});

/** Measures by the time dimension a tile restricts them with. */
const watched: Record<string, string[]> = {
  "opportunities.created_at": ["opportunities.count", "opportunities.open_amount"],
  "opportunities.closed_at": ["opportunities.won_count", "opportunities.won_amount"],
  "orders.ordered_at": ["orders.count", "orders.amount", "orders.tax", "orders.return_amount"],
  "receipts.received_at": ["receipts.count", "receipts.amount"],
  "customers.period": ["customers.new_count", "customers.active_count"],
};

/** In hundredths: exact, where doubles are not. */
const hundredths = (text: string | null | undefined): bigint => {
  const [whole = "0", fraction = ""] = (text ?? "0").split(".");
  return BigInt(whole + fraction.padEnd(2, "0"));
};

/** The watched figures of this month for each witness, as of `lsn` or later. */
async function figures(lsn: string): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>();
  for (const witness of witnesses)
    for (const [dimension, measures] of Object.entries(watched)) {
      const timeDimensions = [{ dimension, dateRange: "this month" }];
      const { data } = await sessions[witness].load({ measures, timeDimensions }, { "kehu-wait-for": lsn });
      for (const measure of measures) found.set(`${witness} ${measure}`, hundredths(data[0]?.[measure]));
    }
  return found;
}

/** What changed, for everybody, once `act` is published: `{ "orders.count": "1.00" }`. */
async function changedBy(act: () => Promise<{ lsn: string }>): Promise<Record<string, Record<string, string>>> {
  const before = await figures(written);
  written = (await act()).lsn;
  await untilFresh(stack, written);
  const after = await figures(written);
  const changes = Object.fromEntries(witnesses.map((witness): [string, Record<string, string>] => [witness, {}]));
  for (const [key, value] of after) {
    const [witness = "", measure = ""] = key.split(" ");
    const difference = Number(value - (before.get(key) ?? 0n));
    if (difference !== 0) changes[witness]![measure] = (difference / 100).toFixed(2);
  }
  return changes;
}

const forEverybody = (change: Record<string, string>): Record<string, Record<string, string>> =>
  Object.fromEntries(witnesses.map((witness) => [witness, change]));

describe("a write through the API changes exactly its figures", () => {
  let opportunityId: string;
  let orderId: string;

  it("an opportunity is open", async () => {
    const changes = await changedBy(async () => {
      const made = await write("opportunities", {
        name: `现场商机 ${run}`,
        customer_id: customerId,
        owner_id: repId,
        amount: "12345.67",
      });
      opportunityId = String(made.record["id"]);
      expect(made.record).toMatchObject({ status: "open", amount: "12345.67", currency: "CNY" });
      return made;
    });
    expect(changes).toEqual(forEverybody({ "opportunities.count": "1.00", "opportunities.open_amount": "12345.67" }));
  });

  it("it is won", async () => {
    const changes = await changedBy(async () => {
      const made = await write(`opportunities/${opportunityId}/stage`, { stage: "won", close_reason: "price" });
      expect(made.record).toMatchObject({ status: "won", stage: "won" });
      return made;
    });
    expect(changes).toEqual(
      forEverybody({
        "opportunities.open_amount": "-12345.67",
        "opportunities.won_count": "1.00",
        "opportunities.won_amount": "12345.67",
      }),
    );
  });

  it("a draft order counts nowhere", async () => {
    const { data } = await rep.json<{ data: { id: string }[] }>("/api/v1/products?limit=2");
    const changes = await changedBy(async () => {
      const made = await write("orders", {
        number: `LIVE-${run}`,
        customer_id: customerId,
        opportunity_id: opportunityId,
        owner_id: repId,
        discount: "100.00",
        freight: "33.33",
        lines: [
          { product_id: data[0]?.id, quantity: "3", unit_price: "99.99", discount_rate: "0.1" },
          { product_id: data[1]?.id, quantity: "2", unit_price: "1000.05" },
        ],
      });
      orderId = String(made.record["id"]);
      expect(made.record).toMatchObject({ status: "draft", lines: [{ amount: "269.97" }, { amount: "2000.10" }] });
      return made;
    });
    expect(changes).toEqual(forEverybody({}));
  });

  it("approved by somebody who may, it counts with its lines, header discount and freight", async () => {
    await expect(write(`orders/${orderId}/approve`)).rejects.toThrow('403 {"type":"urn:kehu:problem:403"');
    const changes = await changedBy(() => write(`orders/${orderId}/approve`, {}, sessions.sales_manager));
    // 269.97 + 2000.10 - 100.00 + 33.33; 13 % tax of each line, 35.10 + 260.01. The customer's first order makes it active.
    expect(changes).toEqual(
      forEverybody({ "orders.count": "1.00", "orders.amount": "2203.40", "orders.tax": "295.11", "customers.active_count": "1.00" }),
    );
  });

  it("a receipt in dollars counts at its own rate, rounded once", async () => {
    const changes = await changedBy(() =>
      write("receipts", {
        number: `LIVE-${run}`,
        customer_id: customerId,
        order_id: orderId,
        owner_id: repId,
        amount: "100.05",
        currency: "USD",
        exchange_rate: "7.1",
      }),
    );
    // 100.05 × 7.1 = 710.355
    expect(changes).toEqual(forEverybody({ "receipts.count": "1.00", "receipts.amount": "710.36" }));
  });

  it("and all of it lies under the customer, product by product", async () => {
    const filters = [{ member: "orders.customer_id", operator: "equals", values: [customerId] }];
    const { data } = await rep.load({ measures: ["orders.amount"], dimensions: ["orders.product"], filters });
    expect(data).toHaveLength(2);
    expect(data.reduce((sum, row) => sum + hundredths(row["orders.amount"]), 0n)).toBe(220_340n);
  });
});

interface Refusal {
  name: string;
  ask: () => Promise<Response>;
  status: number;
  title: string;
  /** What the detail must say, so that the caller knows what would be right. */
  says: RegExp;
  field?: string;
}

describe("a refusal says what would be right", () => {
  let strangers: string;
  let own: { path: string; etag: string };

  beforeAll(async () => {
    const { data } = await sessions.executive.json<{ data: { id: string; owner_id: string | null }[] }>("/api/v1/customers?limit=500");
    const others = data.find(({ owner_id }) => owner_id !== null && owner_id !== repId);
    if (!others) throw new Error("every customer is the rep's");
    strangers = `/api/v1/customers/${others.id}`;
    const path = `/api/v1/customers/${customerId}`;
    own = { path, etag: (await rep.fetch(path)).headers.get("etag") ?? "" };
  });

  const anonymous = (headers: Record<string, string>): Promise<Response> => fetch(`${stack.url}/api/v1/customers`, { headers });
  const change = (path: string, headers: Record<string, string>, body: object = { city: "杭州市" }): Promise<Response> =>
    rep.fetch(path, { method: "PATCH", body: JSON.stringify(body), headers });
  const post = (path: string, body: unknown): Promise<Response> =>
    rep.fetch(`/api/v1/${path}`, { method: "POST", body: JSON.stringify(body) });

  const howToSignIn = /sign in at \/api\/auth\/sign-in\/email, or send a valid x-api-key or bearer token/;
  const refusals: Refusal[] = [
    { name: "no credential", ask: () => anonymous({}), status: 401, title: "Not signed in", says: howToSignIn },
    {
      name: "a wrong bearer token",
      ask: () => anonymous({ authorization: "Bearer wrong" }),
      status: 401,
      title: "Not signed in",
      says: howToSignIn,
    },
    {
      name: "a wrong API key beside a good session",
      ask: () => rep.fetch("/api/v1/customers", { headers: { "x-api-key": "wrong" } }),
      status: 401,
      title: "Not signed in",
      says: howToSignIn,
    },
    {
      name: "reading another's record",
      ask: () => rep.fetch(strangers),
      status: 404,
      title: "Not found",
      says: /there is no customer with this id that you may see/,
    },
    {
      name: "changing another's record",
      ask: () => change(strangers, { "if-match": '"1"' }),
      status: 404,
      title: "Not found",
      says: /there is no customer with this id that you may see/,
    },
    {
      name: "a record with an unknown field",
      ask: () => post("opportunities", { name: "x", owner_id: repId, ammount: "1.00" }),
      status: 422,
      title: "Invalid data",
      says: /ammount.*amount/,
      field: "ammount",
    },
    {
      name: "a record without a required field",
      ask: () => post("opportunities", { owner_id: repId }),
      status: 422,
      title: "Invalid data",
      says: /name: .*required/,
      field: "name",
    },
    {
      name: "an amount that is no decimal text",
      ask: () => post("receipts", { number: "x", customer_id: customerId, owner_id: repId, amount: "1,5" }),
      status: 422,
      title: "Invalid data",
      says: /amount: .*decimal/,
      field: "amount",
    },
    {
      name: "a stage the pipeline does not have",
      ask: () => post("opportunities", { name: "x", owner_id: repId, stage: "winning" }),
      status: 422,
      title: "Invalid data",
      says: /no stage "winning" in this pipeline; there are .*won/,
      field: "stage",
    },
    {
      name: "a change without If-Match",
      ask: () => change(own.path, {}),
      status: 428,
      title: "If-Match needed",
      says: /send If-Match with the ETag that GET answered/,
      field: "If-Match",
    },
    {
      name: "a deletion without If-Match",
      ask: () => rep.fetch(own.path, { method: "DELETE" }),
      status: 428,
      title: "If-Match needed",
      says: /send If-Match with the ETag that GET answered/,
      field: "If-Match",
    },
    {
      name: "a change of an outdated version",
      ask: async () => {
        const first = await change(own.path, { "if-match": own.etag });
        if (!first.ok) throw new Error(`PATCH: ${first.status} ${await first.text()}`);
        return change(own.path, { "if-match": own.etag }, { city: "宁波市" });
      },
      status: 412,
      title: "Changed in the meantime",
      says: /the record is at version 2 now, not "1"; read it again/,
      field: "If-Match",
    },
    {
      name: "an unknown filter",
      ask: () => rep.fetch("/api/v1/opportunities?statuss=open"),
      status: 400,
      title: "Bad request",
      says: /did you mean "status"\? Allowed: .*status.*amount_gte/,
      field: "statuss",
    },
    {
      name: "an unknown sort",
      ask: () => rep.fetch("/api/v1/opportunities?sort=-close_reason"),
      status: 400,
      title: "Bad request",
      says: /can't sort by "close_reason"; allowed: .*amount/,
      field: "sort",
    },
  ];

  it.each(refusals)("$name: $status", async ({ ask, status, title, says, field }) => {
    const response = await ask();
    const problem = (await response.json()) as { detail: string; errors: { field: string }[] };
    expect({ status: response.status, ...problem }).toMatchObject({ status, title, type: `urn:kehu:problem:${status}` });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(problem.detail).toMatch(says);
    if (field) expect(problem.errors.map((error) => error.field)).toContain(field);
    expect(JSON.stringify(problem)).not.toMatch(/\n\s+at /);
  });

  it.each([
    ["no credential", {}],
    ["a wrong bearer token", { authorization: "Bearer wrong" }],
  ])("the semantic layer refuses %s with 401", async (_name, headers) => {
    const query = encodeURIComponent(JSON.stringify({ measures: ["orders.amount"] }));
    const response = await fetch(`${stack.url}/cubejs-api/v1/load?query=${query}`, { headers });
    expect(response.status).toBe(401);
  });
});
