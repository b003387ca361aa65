import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApi } from "../app.ts";
import { createLogger } from "../log.ts";
import { createPool } from "../pool.ts";
import { createTestAuth, type TestAuth, testAuthConfig, testPassword } from "./testing.ts";

let setup: TestAuth;
let pool: ReturnType<typeof createPool>;
let app: ReturnType<typeof createApi>;
const users: Record<string, string> = {};

interface Browser {
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
}

const signIn = async (email: string): Promise<Browser> => {
  const origin = testAuthConfig.url;
  const headers = { origin, "content-type": "application/json" };
  const answer = await app.request(`${origin}/api/auth/sign-in/email`, {
    method: "POST",
    headers,
    body: JSON.stringify({ email, password: testPassword }),
  });
  expect(answer.status, await answer.clone().text()).toBe(200);
  const cookie = answer.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  return {
    send: async (method, path, body) => {
      const response = await app.request(`${origin}${path}`, {
        method,
        headers: { ...headers, cookie },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
    },
  };
};

beforeAll(async () => {
  setup = await createTestAuth();
  const { employees } = setup.company;
  users["admin"] = await setup.user("admin@example.com", ["administrator"]);
  users["auditor"] = await setup.user("auditor@example.com", ["auditor"]);
  users["ned"] = await setup.user("ned@example.com", ["sales_rep"], employees.ned);
  await setup.client.query("insert into crm.customers (name, owner_id) values ('ned', $1), ('sara', $2)", [employees.ned, employees.sara]);
  pool = createPool(setup.url);
  app = createApi({
    pool,
    auth: setup.auth,
    config: { url: testAuthConfig.url, currency: "CNY", timezone: "Asia/Shanghai" },
    clock: () => new Date(),
    logger: createLogger({ service: "test", level: "silent" }),
  });
});
afterAll(async () => {
  await pool?.end();
  await setup?.close();
});

const namesOf = async (browser: Browser): Promise<unknown[]> => {
  const { status, body } = await browser.send("GET", "/api/v1/customers?sort=name");
  expect(status).toBe(200);
  return (body["data"] as { name: unknown }[]).map(({ name }) => name);
};

describe("O2: looking with another's eyes", () => {
  test.each(["admin", "auditor"])("%s sees what the other sees, writes nothing, and is named in the audit trail", async (who) => {
    const browser = await signIn(`${who}@example.com`);
    expect(await namesOf(browser)).toEqual(["ned", "sara"]);
    const started = await browser.send("POST", "/api/v1/see-as", { user_id: users["ned"], reason: "he sees too little" });
    expect(started).toMatchObject({ status: 200, body: { seeing: { email: "ned@example.com" } } });
    expect(await namesOf(browser)).toEqual(["ned"]);
    const me = await browser.send("GET", "/api/v1/me");
    expect(me.body).toMatchObject({ user: { email: "ned@example.com" }, roles: ["sales_rep"], seeing: { by: users[who] } });
    for (const [method, path, body] of [
      ["POST", "/api/v1/customers", { name: "x" }],
      ["POST", "/api/v1/exports", { view: "orders", title: "x", rows: 1, format: "xlsx" }],
      ["POST", "/api/v1/see-as", { user_id: users["ned"], reason: "again" }],
      ["DELETE", `/api/v1/roles/administrator/holders/${users["admin"] ?? ""}`, undefined],
    ] as const) {
      expect(await browser.send(method, path, body)).toMatchObject({
        status: 403,
        body: { detail: expect.stringContaining("for reading only") as string },
      });
    }
    const { body: own } = await browser.send("GET", "/api/v1/me/scope");
    expect(own["grants"]).toMatchObject({ create: {}, update: {}, delete: {}, export: {}, approve: {} });
    expect((await browser.send("DELETE", "/api/v1/see-as")).status).toBe(204);
    expect(await namesOf(browser)).toEqual(["ned", "sara"]);
    const { rows } = await setup.client.query(
      "select action, record_id, new_values ->> 'reason' as reason from audit.entries where actor_id = $1 and action like 'see_as%' order by at, action",
      [users[who]],
    );
    expect(rows).toEqual([
      { action: "see_as", record_id: users["ned"], reason: "he sees too little" },
      { action: "see_as_ended", record_id: users["ned"], reason: null },
    ]);
  });

  test("is of one session, needs the right, and ends when the right is taken away", async () => {
    const ned = await signIn("ned@example.com");
    expect((await ned.send("POST", "/api/v1/see-as", { user_id: users["admin"], reason: "x" })).status).toBe(403);
    const [one, other] = [await signIn("auditor@example.com"), await signIn("auditor@example.com")];
    await one.send("POST", "/api/v1/see-as", { user_id: users["ned"], reason: "x" });
    expect([await namesOf(one), await namesOf(other)]).toEqual([["ned"], ["ned", "sara"]]);
    await setup.client.query("delete from auth.permissions where role = 'auditor' and entity = 'see_as'");
    await expect.poll(() => namesOf(one), { timeout: 5_000, interval: 20 }).toEqual(["ned", "sara"]);
  });
});
