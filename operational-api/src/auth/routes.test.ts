import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { decodeJwt, type JSONWebKeySet } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDemoAccounts, ensureAdministrator, listDemoAccounts, removeDemoAccounts } from "./accounts.ts";
import { createAuthRoutes } from "./routes.ts";
import { createTestAuth, testAuthConfig, testInternalSecret, testPassword, type TestAuth } from "./testing.ts";
import { verifyToken } from "./token.ts";

let setup: TestAuth;
let app: ReturnType<typeof createAuthRoutes>;
const origin = testAuthConfig.url;

const socket = (remoteAddress: string): { incoming: IncomingMessage } => ({ incoming: { socket: { remoteAddress } } as IncomingMessage });
const request = (path: string, init: RequestInit = {}, address = "127.0.0.1"): Promise<Response> =>
  Promise.resolve(app.request(`${origin}${path}`, init, socket(address)));
const post = (path: string, body: unknown, headers: Record<string, string> = {}, address?: string): Promise<Response> =>
  request(
    path,
    { method: "POST", headers: { "content-type": "application/json", origin, ...headers }, body: JSON.stringify(body) },
    address,
  );
const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");

async function signIn(email: string): Promise<string> {
  const response = await post("/api/auth/sign-in/email", { email, password: testPassword });
  expect(response.status).toBe(200);
  return cookieOf(response);
}
async function tokenOf(cookie: string): Promise<string> {
  const { token } = (await (await request("/api/auth/token", { headers: { cookie } })).json()) as { token: string };
  return token;
}
const me = async (headers: Record<string, string>): Promise<Response> => request("/api/v1/me", { headers });

beforeAll(async () => {
  setup = await createTestAuth();
  app = createAuthRoutes(setup.auth);
  await setup.user("nora@example.com", ["sales_manager"], setup.company.employees.nora);
});
afterAll(() => setup.close());

describe("signing in", () => {
  test("a session says who one is", async () => {
    const response = await me({ cookie: await signIn("nora@example.com") });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      user: { email: "nora@example.com", name: "nora@example.com", locale: "zh-CN" },
      employee_id: setup.company.employees.nora,
      roles: ["sales_manager"],
      department_id: setup.company.departments.north,
    });
  });

  test.each([
    ["a wrong password", { email: "nora@example.com", password: "wrong password" }],
    ["an unknown user", { email: "nobody@example.com", password: testPassword }],
  ])("%s is a 401 problem, the same for both", async (_name, body) => {
    const response = await post("/api/auth/sign-in/email", body);
    expect(response.status).toBe(401);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ title: "Unauthorized", status: 401, detail: "Invalid email or password" });
  });

  test("nobody signs up, and a stopped account does not get in", async () => {
    expect((await post("/api/auth/sign-up/email", { email: "new@example.com", name: "new", password: testPassword })).status).toBe(400);
    const user = await setup.user("stopped@example.com", ["analyst"]);
    const cookie = await signIn("stopped@example.com");
    await setup.client.query("update auth.holders set active = false where user_id = $1", [user]);
    await expect.poll(async () => (await me({ cookie })).status, { timeout: 2_000, interval: 20 }).toBe(401);
    expect((await post("/api/auth/sign-in/email", { email: "stopped@example.com", password: testPassword })).status).toBe(403);
  });

  test("a write by cookie needs our origin; signing out ends the session at once, tokens too", async () => {
    const cookie = await signIn("nora@example.com");
    const token = await tokenOf(cookie);
    expect((await post("/api/auth/sign-out", {}, { cookie, origin: "https://evil.example" })).status).toBe(403);
    expect((await me({ cookie })).status).toBe(200);
    expect((await me({ authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await post("/api/auth/sign-out", {}, { cookie })).status).toBe(200);
    expect((await me({ cookie })).status).toBe(401);
    expect((await me({ authorization: `Bearer ${token}` })).status).toBe(401);
  });

  test("tries are counted by the socket's address, whatever x-forwarded-for says, and the answer says when to come back", async () => {
    const attempt = (index: number): Promise<Response> =>
      post("/api/auth/sign-in/email", { email: "nobody@example.com" }, { "x-forwarded-for": `10.0.0.${index}` }, "198.51.100.7");
    const answers: number[] = [];
    let last = await attempt(0);
    for (let index = 1; index < 100 && last.status !== 429; index++) {
      answers.push(last.status);
      last = await attempt(index);
    }
    expect(last.status).toBe(429);
    expect(answers).toHaveLength(60);
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(last.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect(
      (await post("/api/auth/sign-in/email", { email: "nobody@example.com", password: "wrong password" }, {}, "198.51.100.8")).status,
    ).toBe(401);
  });
});

describe("tokens", () => {
  test("carry user, session and scope version for five minutes, and no ids of rows", async () => {
    const cookie = await signIn("nora@example.com");
    const token = await tokenOf(cookie);
    const claims = decodeJwt(token);
    const scope = (await (await request("/api/v1/me/scope", { headers: { cookie } })).json()) as { version: string; userId: string };
    expect(claims).toMatchObject({ sub: scope.userId, scopeVersion: scope.version, sid: expect.any(String) });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(300);
    expect(Object.keys(claims).sort()).toEqual(["aud", "exp", "iat", "iss", "scopeVersion", "sid", "sub"]);
    const jwks = (await (await request("/api/auth/jwks")).json()) as JSONWebKeySet;
    expect(await verifyToken(token, { jwks, issuer: origin })).toEqual({ sub: scope.userId, sid: claims.sid, scopeVersion: scope.version });
    expect(await verifyToken(token, { jwks, issuer: "http://elsewhere" })).toBeNull();
    expect((await me({ authorization: `Bearer ${token}` })).status).toBe(200);
  });

  test("anything else is a 401 problem, also beside a good cookie", async () => {
    const cookie = await signIn("nora@example.com");
    const token = await tokenOf(cookie);
    const [head, , signature] = token.split(".");
    const forged = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: "somebody else" })).toString("base64url");
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${forged}.`;
    for (const wrong of ["x", "", unsigned, `${head}.${forged}.${signature}`, token.slice(0, -4)]) {
      const response = await me({ authorization: `Bearer ${wrong}`, cookie });
      expect(response.status).toBe(401);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
    expect((await me({ "x-api-key": "kehu_wrong", cookie })).status).toBe(401);
    expect((await me({ cookie: "kehu.session_token=wrong.signature" })).status).toBe(401);
    expect((await me({})).status).toBe(401);
    expect((await request("/api/auth/token")).status).toBe(401);
  });

  test("an API key works in place of a session, until it is deleted", async () => {
    const cookie = await signIn("nora@example.com");
    const created = (await (await post("/api/auth/api-key/create", { name: "import" }, { cookie })).json()) as { id: string; key: string };
    const headers = { "x-api-key": created.key };
    expect((await me(headers)).status).toBe(200);
    const token = ((await (await request("/api/auth/token", { headers })).json()) as { token: string }).token;
    expect(decodeJwt(token).sid).toBe(created.id);
    expect((await me({ authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await post("/api/auth/api-key/delete", { keyId: created.id }, { cookie })).status).toBe(200);
    expect((await me(headers)).status).toBe(401);
    expect((await me({ authorization: `Bearer ${token}` })).status).toBe(401);
  });
});

test("over a real socket the address is the caller's, a body arrives whole, and an address that is forged is not believed", async () => {
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0, overrideGlobalObjects: false }, () => resolve(listening));
  });
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const response = await fetch(`${base}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin, "x-forwarded-for": "203.0.113.99" },
      body: JSON.stringify({ email: "nora@example.com", password: testPassword }),
    });
    expect(response.status).toBe(200);
    expect((await fetch(`${base}/api/v1/me`, { headers: { cookie: cookieOf(response) } })).status).toBe(200);
    const { rows } = await setup.client.query(`select "ipAddress" from auth.session order by "createdAt" desc limit 1`);
    expect(rows).toEqual([{ ipAddress: "127.0.0.1" }]);
  } finally {
    server.close();
  }
});

describe("scopes over HTTP", () => {
  test("one's own, with its version as ETag", async () => {
    const cookie = await signIn("nora@example.com");
    const response = await request("/api/v1/me/scope", { headers: { cookie } });
    const etag = response.headers.get("etag") ?? "";
    expect(etag).toBe(`"${((await response.json()) as { version: string }).version}"`);
    expect((await request("/api/v1/me/scope", { headers: { cookie, "if-none-match": etag } })).status).toBe(304);
  });

  test("anybody's, for our own processes only", async () => {
    const cookie = await signIn("nora@example.com");
    const { userId } = (await (await request("/api/v1/me/scope", { headers: { cookie } })).json()) as { userId: string };
    const path = `/internal/scope/${userId}`;
    expect((await request(path, { headers: { cookie } })).status).toBe(404);
    expect((await request(path, { headers: { cookie, "x-kehu-internal": "wrong" } })).status).toBe(404);
    const response = await request(path, { headers: { "x-kehu-internal": testInternalSecret } });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(await setup.auth.scopeOf(userId));
  });
});

describe("accounts", () => {
  test("demo accounts are listed to this machine only", async () => {
    expect(await (await request("/api/auth/demo-accounts")).json()).toEqual([]);
    await createDemoAccounts(setup.auth, [
      { email: "demo.boss@example.com", name: "Boss", role: "sales_manager", employeeId: setup.company.employees.boss },
      { email: "demo.rep@example.com", name: "Rep", role: "sales_rep", employeeId: setup.company.employees.ned },
    ]);
    const listed = (await (await request("/api/auth/demo-accounts")).json()) as Awaited<ReturnType<typeof listDemoAccounts>>;
    expect(listed.map(({ email, name, role }) => ({ email, name, role }))).toEqual([
      { email: "demo.boss@example.com", name: "Boss", role: "sales_manager" },
      { email: "demo.rep@example.com", name: "Rep", role: "sales_rep" },
    ]);
    for (const { email, password } of listed) expect((await post("/api/auth/sign-in/email", { email, password })).status).toBe(200);

    expect(await (await request("/api/auth/demo-accounts", {}, "198.51.100.9")).json()).toEqual([]);
    expect(await (await request("/api/auth/demo-accounts", { headers: { "x-forwarded-for": "127.0.0.1" } })).json()).toEqual([]);
    for (const name of ["x-real-ip", "x-forwarded-host", "x-forwarded-proto", "forwarded", "via"]) {
      expect(await (await request("/api/auth/demo-accounts", { headers: { [name]: "127.0.0.1" } })).json(), name).toEqual([]);
    }
    expect(await (await app.request(`${origin}/api/auth/demo-accounts`)).json()).toEqual([]);
    expect(await (await app.request("http://rebound.example/api/auth/demo-accounts", {}, socket("127.0.0.1"))).json()).toEqual([]);

    await removeDemoAccounts(setup.auth);
    expect(await listDemoAccounts(setup.auth)).toEqual([]);
    expect((await post("/api/auth/sign-in/email", { email: listed[0]?.email, password: listed[0]?.password })).status).toBe(401);
  });

  test("an administrator can't be a demo account", async () => {
    await expect(
      createDemoAccounts(setup.auth, [{ email: "root@example.com", name: "Root", role: "administrator", employeeId: null }]),
    ).rejects.toThrow("administrator");
  });

  test("the first administrator is made once, with the given or a random password", async () => {
    const made = await ensureAdministrator(setup.auth, { adminEmail: null, adminPassword: null });
    expect(made?.password).toMatch(/^([a-z2-9]{4}-){3}[a-z2-9]{4}$/);
    expect((await post("/api/auth/sign-in/email", made)).status).toBe(200);
    expect(await ensureAdministrator(setup.auth, { adminEmail: null, adminPassword: null })).toBeNull();
    // Nothing but the owner of the database, with its triggers off, could take the last administrator away.
    await setup.client.query("set session_replication_role = replica");
    await setup.client.query("delete from auth.user_roles where role = 'administrator'");
    await setup.client.query("reset session_replication_role");
    expect(await ensureAdministrator(setup.auth, { adminEmail: "root@example.com", adminPassword: testPassword })).toEqual({
      email: "root@example.com",
      password: null,
    });
    await signIn("root@example.com");
  });

  test("a user is made whole or not at all", async () => {
    await expect(setup.user("half@example.com", ["sales_rep", "no_such_role" as "analyst"])).rejects.toThrow(
      /violates (check|foreign key) constraint/,
    );
    await expect(setup.user("nora@example.com", ["analyst"])).rejects.toThrow("duplicate key");
    expect((await setup.client.query(`select from auth."user" where email = 'half@example.com'`)).rowCount).toBe(0);
  });
});
