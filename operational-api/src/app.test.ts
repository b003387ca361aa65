import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testAuthConfig, testPassword } from "./auth/testing.ts";
import { type Caller, createTestApi, type TestApi } from "./testing.ts";

let api: TestApi;
let rep: Caller;
let customer: string;

interface ProblemBody {
  status: number;
  title: string;
  detail: string;
  errors: { field: string; reason: string; index?: number }[];
}

beforeAll(async () => {
  api = await createTestApi();
  rep = await api.caller(["sales_rep"], api.company.employees.ned);
  const created = await api.admin.send("POST", "/api/v1/customers", { name: "甲", owner_id: api.company.employees.ned });
  customer = String(created.body["id"]);
  expect(created.status).toBe(201);
});

afterAll(() => api?.close());

describe("refusals say what would be right", () => {
  it("401 without and with a wrong credential", async () => {
    for (const headers of [
      {},
      { authorization: "Bearer wrong" },
      { "x-api-key": "wrong" },
      { cookie: "better-auth.session_token=wrong" },
    ]) {
      const response = await api.app.request("/api/v1/customers", { headers: headers as Record<string, string> });
      const body = (await response.json()) as ProblemBody;
      expect(response.status).toBe(401);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(body).toMatchObject({ status: 401, title: "Not signed in" });
      expect(body.detail).toContain("x-api-key");
    }
  });

  it("404 for another's record, for none, and for what is no id, all alike", async () => {
    const others = await api.admin.send("POST", "/api/v1/customers", { name: "乙", owner_id: api.company.employees.sara });
    const answers = await Promise.all(
      [String(others.body["id"]), "01a20254-ebc8-7a38-a5fc-c31b5258da51", "nonsense"].map((id) =>
        rep.send<ProblemBody>("GET", `/api/v1/customers/${id}`),
      ),
    );
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 404, body: { detail: "there is no customer with this id that you may see" } });
    expect((await rep.send("PATCH", `/api/v1/customers/${String(others.body["id"])}`, { name: "丙" }, { "if-match": '"1"' })).status).toBe(
      404,
    );
  });

  it("422 with every field of a bad body", async () => {
    const { status, body } = await rep.send<ProblemBody>("POST", "/api/v1/customers", {
      nme: "x",
      kind: "friend",
      annual_revenue: 12.5,
      founded_year: 12,
      version: 3,
      owner_external_id: "nobody",
    });
    expect(status).toBe(422);
    const reasons = Object.fromEntries(body.errors.map(({ field, reason }) => [field, reason]));
    expect(reasons["name"]).toContain("is required");
    expect(reasons["nme"]).toBe('unknown field; did you mean "name"?');
    expect(reasons["kind"]).toContain("end_customer");
    expect(reasons["annual_revenue"]).toContain('"1234.50"');
    expect(reasons["founded_year"]).toBe("must be at least 1000");
    expect(reasons["version"]).toContain("set by the server");
  });

  it("428 without If-Match, 412 with a stale one, and the right ETag works", async () => {
    const path = `/api/v1/customers/${customer}`;
    const first = await rep.send("GET", path);
    expect(first.headers.get("etag")).toBe('"1"');
    const without = await rep.send<ProblemBody>("PATCH", path, { city: "上海" });
    expect(without).toMatchObject({ status: 428, body: { errors: [{ field: "If-Match" }] } });
    const done = await rep.send("PATCH", path, { city: "上海" }, { "if-match": '"1"' });
    expect(done).toMatchObject({ status: 200, body: { city: "上海", version: 2 } });
    const stale = await rep.send<ProblemBody>("PATCH", path, { city: "北京" }, { "if-match": '"1"' });
    expect(stale.status).toBe(412);
    expect(stale.body.detail).toContain("version 2");
    expect((await rep.send("DELETE", path)).status).toBe(428);
    expect((await rep.send("DELETE", path, undefined, { "if-match": '"1"' })).status).toBe(412);
  });

  it("400 for an unknown filter, sort or field, with the list of what is allowed", async () => {
    const filter = await rep.send<ProblemBody>("GET", "/api/v1/customers?statu=lost&address=x&phone_gte=1");
    expect(filter.status).toBe(400);
    expect(filter.body.errors.map(({ field }) => field)).toEqual(["statu", "address", "phone_gte"]);
    expect(filter.body.errors[0]?.reason).toMatch(/did you mean "status"\?.*Allowed: .*industry/);
    const sort = await rep.send<ProblemBody>("GET", "/api/v1/customers?sort=-address");
    expect(sort).toMatchObject({
      status: 400,
      body: { errors: [{ field: "sort", reason: expect.stringContaining("created_at") as string }] },
    });
    const fields = await rep.send<ProblemBody>("GET", "/api/v1/customers?fields=name,row_key");
    expect(fields).toMatchObject({ status: 400, body: { errors: [{ field: "fields" }] } });
    expect((await rep.send<ProblemBody>("GET", "/api/v1/customers?status=x")).body.errors[0]?.reason).toContain("potential");
    expect((await rep.send("GET", "/api/v1/customers?cursor=abc")).status).toBe(400);
    expect((await rep.send("GET", "/api/v1/customers?limit=0")).status).toBe(400);
    expect((await rep.send("GET", "/api/v1/customers?created_at_gte=yesterday")).status).toBe(400);
  });

  it("404, 405, 413, 415 and bad JSON as problem documents", async () => {
    expect(await api.admin.send<ProblemBody>("GET", "/api/v1/unicorns")).toMatchObject({ status: 404, body: { status: 404 } });
    const method = await api.admin.send("PUT", `/api/v1/customers/${customer}`, {});
    expect([method.status, method.headers.get("allow")]).toEqual([405, "GET, PATCH, DELETE"]);
    expect((await api.admin.send("POST", "/api/v1/customers", "a=b", { "content-type": "text/plain" })).status).toBe(415);
    expect((await api.admin.send<ProblemBody>("POST", "/api/v1/customers", '{"name":')).body.detail).toContain("not JSON");
    expect((await api.admin.send("POST", "/api/v1/customers", `{"name":"${"x".repeat(5_000_000)}"}`)).status).toBe(413);
  });

  it("never tells a stack: what goes wrong here is a 500 with the request id", async () => {
    await api.client.query("alter table crm.departments rename to departments_away");
    try {
      const { status, body } = await api.admin.send<ProblemBody>("GET", "/api/v1/departments", undefined, { "x-request-id": "abc-1" });
      expect(status).toBe(500);
      expect(body.detail).toBe("something went wrong here; the log has it under request id abc-1");
    } finally {
      await api.client.query("alter table crm.departments_away rename to departments");
    }
  });
});

describe("mounted in another app", () => {
  it("keeps its problem documents and request ids, and leaves other paths alone", async () => {
    const outer = new Hono().route("/", api.app).get("/elsewhere", (context) => context.text("mine"));
    const refused = await outer.request("/api/v1/customers", { headers: { "x-request-id": "abc-2" } });
    expect([refused.status, refused.headers.get("content-type"), refused.headers.get("x-request-id")]).toEqual([
      401,
      "application/problem+json",
      "abc-2",
    ]);
    expect((await outer.request("/api/nowhere")).headers.get("content-type")).toBe("application/problem+json");
    expect(await (await outer.request("/elsewhere")).text()).toBe("mine");
  });
});

describe("cookies", () => {
  it("may only write from the portal's own origin", async () => {
    await api.user("cookie@example.com", ["administrator"]);
    const signedIn = await api.app.request("/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json", origin: testAuthConfig.url },
      body: JSON.stringify({ email: "cookie@example.com", password: testPassword }),
    });
    expect(signedIn.status).toBe(200);
    const cookie = signedIn.headers
      .getSetCookie()
      .map((each) => each.split(";")[0])
      .join("; ");
    const post = (origin: Record<string, string>) =>
      api.app.request("/api/v1/departments", {
        method: "POST",
        headers: { cookie, "content-type": "application/json", ...origin },
        body: '{"name":"x"}',
      });
    expect((await post({})).status).toBe(403);
    expect((await post({ origin: "https://evil.example" })).status).toBe(403);
    expect((await post({ origin: testAuthConfig.url })).status).toBe(201);
    expect((await api.app.request("/api/v1/departments", { headers: { cookie } })).status).toBe(200);
  });
});

describe("documents", () => {
  it("describe every route with the schemas that validate", async () => {
    const { status, body } = await api.admin.send<{
      openapi: string;
      paths: Record<string, object>;
      components: { schemas: Record<string, { properties: Record<string, object> }> };
    }>("GET", "/api/openapi.json");
    expect([status, body.openapi]).toEqual([200, "3.1.0"]);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(["/api/v1/customers", "/api/v1/orders/{id}/approve", "/api/v1/exchange-rates/batch", "/api/v1/audit"]),
    );
    expect(Object.keys(body.components.schemas["OrderCreate"]?.properties ?? {})).toEqual(
      expect.arrayContaining(["lines", "customer_external_id"]),
    );
    expect(body.components.schemas["Order"]?.properties).not.toHaveProperty("row_key");
    const dangling = [...JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g)].filter(
      ([, name]) => !body.components.schemas[String(name)],
    );
    expect(dangling).toEqual([]);
    const page = await api.app.request("/api/docs");
    const html = await page.text();
    expect(html).toContain("/api/v1/opportunities/{id}/stage");
    expect(html).not.toMatch(/<script|src=|https?:\/\/(?!www\.w3)/);
  });
});
