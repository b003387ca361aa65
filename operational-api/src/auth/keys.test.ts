import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestApi, type TestApi } from "../testing.ts";
import { narrowScope } from "./keys.ts";
import { accountTrail, createBrowsers, type TestBrowser } from "./testing-browser.ts";
import { testAuthConfig, testInternalSecret } from "./testing.ts";

let api: TestApi;
let caller: TestBrowser;
let nora: string;

interface Made {
  id: string;
  key: string;
  expires_at: string;
  errors: { field: string; reason: string }[];
}
const make = async (body: Record<string, unknown>) =>
  caller.send<Made>("POST", "/api/v1/me/keys", { name: "script", expires_in_days: 30, ...body });
const keyOf = async (body: Record<string, unknown>): Promise<string> => (await make(body)).body.key;
const ask = async (key: string, method: string, path: string, body?: unknown): Promise<Response> =>
  api.app.request(`${testAuthConfig.url}${path}`, {
    method,
    headers: { "x-api-key": key, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const customer = { name: "海川机械" };

beforeAll(async () => {
  api = await createTestApi();
  nora = await api.user("nora@example.com", ["sales_manager"], api.company.employees.nora);
  caller = createBrowsers(api)();
  await caller.signIn("nora@example.com");
});
afterAll(() => api.close());

describe("O18 an API key", () => {
  test("is shown once, listed without itself, and revoked", async () => {
    const made = await make({ read_only: false });
    expect(made.status).toBe(201);
    expect(made.body.key).toMatch(/^kehu_\w{40,}/);
    const listed = await caller.send<{ data: Record<string, unknown>[] }>("GET", "/api/v1/me/keys");
    expect(listed.body.data).toMatchObject([
      { id: made.body.id, name: "script", read_only: false, entities: null, start: made.body.key.slice(0, 9) },
    ]);
    expect(JSON.stringify(listed.body)).not.toContain(made.body.key);
    expect((await ask(made.body.key, "GET", "/api/v1/customers")).status).toBe(200);
    expect((await caller.send("DELETE", `/api/v1/me/keys/${made.body.id}`)).status).toBe(204);
    expect((await ask(made.body.key, "GET", "/api/v1/customers")).status).toBe(401);
    const { rows } = await api.client.query<{ all: string }>("select jsonb_agg(to_jsonb(apikey))::text as all from auth.apikey as apikey");
    expect(rows[0]?.all ?? "").not.toContain(made.body.key);
    expect((await accountTrail(api, nora)).map(({ action }) => action)).toEqual(expect.arrayContaining(["key_made", "key_revoked"]));
  });

  test("that is read-only reads what its user reads and writes nothing", async () => {
    const key = await keyOf({});
    expect((await ask(key, "GET", "/api/v1/customers")).status).toBe(200);
    const refused = await ask(key, "POST", "/api/v1/customers", customer);
    expect(refused.status).toBe(403);
    const writing = await keyOf({ read_only: false });
    expect((await ask(writing, "POST", "/api/v1/customers", customer)).status).toBe(201);
  });

  test("for some entities gives nothing of the others, also by its tokens and in the warehouse's scope", async () => {
    const key = await keyOf({ entities: ["customer"], read_only: false });
    expect((await ask(key, "GET", "/api/v1/customers")).status).toBe(200);
    expect((await ask(key, "GET", "/api/v1/orders")).status).toBe(403);
    const { token } = (await (await ask(key, "GET", "/api/auth/token")).json()) as { token: string };
    const byToken = (path: string) => api.app.request(`${testAuthConfig.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    expect((await byToken("/api/v1/customers")).status).toBe(200);
    expect((await byToken("/api/v1/orders")).status).toBe(403);

    const request = new Request(testAuthConfig.url, { headers: { "x-api-key": key } });
    const principal = await api.auth.authenticate(request);
    expect(Object.keys(principal?.scope.grants.read ?? {})).toEqual(["customer"]);
    const answer = await api.app.request(`${testAuthConfig.url}/internal/scope/${encodeURIComponent(principal?.subject ?? "")}`, {
      headers: { "x-kehu-internal": testInternalSecret },
    });
    expect(await answer.json()).toEqual(principal?.scope);
    expect(principal?.scope.version).not.toBe((await api.auth.scopeOf(nora)).version);
    expect((await api.auth.scopeOf(`${nora}~00000000-0000-4000-8000-000000000000`)).grants.read).toEqual({});
  });

  test("is never more than its user, and administers nothing when it is limited", async () => {
    const boss = await api.user("root@example.com", ["administrator"]);
    const admin = createBrowsers(api)();
    await admin.signIn("root@example.com");
    const limited = (await admin.send<Made>("POST", "/api/v1/me/keys", { name: "reader", expires_in_days: 1 })).body.key;
    expect((await ask(limited, "GET", "/api/v1/users")).status).toBe(403);
    expect((await ask(limited, "GET", "/api/v1/customers")).status).toBe(200);
    expect((await ask(limited, "POST", "/api/auth/api-key/create", { name: "wider" })).status).toBe(403);
    expect((await ask(limited, "POST", "/api/v1/me/keys", { name: "wider", expires_in_days: 1, read_only: false })).status).toBe(403);
    expect((await ask(limited, "DELETE", "/api/v1/me/sessions")).status).toBe(403);
    const own = await api.auth.scopeOf(nora);
    const narrowed = narrowScope(own, { keyId: "k", readOnly: true, entities: ["customer", "employee"] });
    expect(narrowed.grants.read["customer"]).toEqual(own.grants.read["customer"]);
    expect(narrowed.grants.update).toEqual({});
    expect(boss).not.toBe(nora);
  });

  test("ends at its time", async () => {
    const made = (await make({ expires_in_days: 1 })).body;
    expect(new Date(made.expires_at).getTime() - Date.now()).toBeLessThanOrEqual(86_400_000);
    expect((await ask(made.key, "GET", "/api/v1/customers")).status).toBe(200);
    await api.client.query(`update auth.apikey set "expiresAt" = now() - interval '1 second' where id = $1`, [made.id]);
    api.auth.forget();
    expect((await ask(made.key, "GET", "/api/v1/customers")).status).toBe(401);
  });

  test.each([
    [{ expires_in_days: 0 }, "expires_in_days"],
    [{ expires_in_days: 366 }, "expires_in_days"],
    [{ expires_in_days: undefined }, "expires_in_days"],
    [{ entities: ["customers"] }, "entities.0"],
    [{ entities: [] }, "entities"],
    [{ name: " " }, "name"],
    [{ read_only: "no" }, "read_only"],
    [{ permissions: { "*": ["*"] } }, "permissions"],
  ])("is not made of %j", async (body, field) => {
    expect(await make(body)).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });
});
