import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestAuth, testPassword, type TestAuth } from "./testing.ts";
import { accountTrail, createBrowsers, type TestBrowser } from "./testing-browser.ts";

let setup: TestAuth;
let browser: ReturnType<typeof createBrowsers>;
let admin: TestBrowser;
let root: string;

interface User {
  id: string;
  email: string;
  name: string;
  is_active: boolean;
  has_password: boolean;
  idle_reason: string | null;
}

const tokenOf = (link: string): string => new URL(link).searchParams.get("token") ?? "";
const resetLink = async (id: string): Promise<string> =>
  tokenOf((await admin.send<{ link: string }>("POST", `/api/v1/users/${id}/reset-link`)).body.link);
const reset = (token: string, newPassword: string, language = "zh-CN") =>
  browser("203.0.113.9").send("POST", "/api/auth/reset-password", { token, newPassword }, { "accept-language": language });

beforeAll(async () => {
  setup = await createTestAuth();
  browser = createBrowsers(setup);
  root = await setup.user("root@example.com", ["administrator"]);
  admin = browser();
  await admin.signIn("root@example.com");
  await setup.client.query("update crm.employees set email = 'sara@example.com' where id = $1", [setup.company.employees.sara]);
});
afterAll(() => setup.close());

describe("O18 accounts are made and stopped with the employee", () => {
  test("an account is made from the employee, without a password, and its link sets the first one", async () => {
    const candidates = await admin.send<{ data: { id: string }[] }>("GET", "/api/v1/users/employees-without-account?search=SAR");
    expect(candidates.body.data).toMatchObject([{ id: setup.company.employees.sara, name: "sara", email: "sara@example.com" }]);
    const made = await admin.send<User>("POST", "/api/v1/users", { employee_id: setup.company.employees.sara, roles: ["sales_rep"] });
    expect(made).toMatchObject({
      status: 201,
      body: { email: "sara@example.com", name: "sara", roles: ["sales_rep"], has_password: false },
    });
    expect((await browser().signIn("sara@example.com", "")).status).toBe(401);
    const token = await resetLink(made.body.id);
    expect((await reset(token, "three boats and a lamp")).status).toBe(200);
    const sara = browser();
    expect((await sara.signIn("sara@example.com", "three boats and a lamp")).status).toBe(200);
    expect((await sara.send("GET", "/api/v1/me")).body).toMatchObject({ employee_id: setup.company.employees.sara });
    expect((await accountTrail(setup, made.body.id)).map(({ action }) => action)).toEqual([
      "account_made",
      "sign_in_failed",
      "password_reset_link_made",
      "password_reset",
      "sign_in",
    ]);
  });

  test("one who left, or is not there, gets none, and nobody gets two", async () => {
    const post = (body: unknown) => admin.send<{ errors: unknown[] }>("POST", "/api/v1/users", body);
    expect((await post({ employee_id: setup.company.employees.lars, roles: ["sales_rep"] })).body.errors).toMatchObject([
      { field: "employee_id" },
    ]);
    expect((await post({ employee_id: setup.company.employees.sara, roles: ["sales_rep"] })).status).toBe(409);
    expect((await post({ email: "ROOT@example.com", name: "Root", roles: ["analyst"] })).status).toBe(409);
    expect((await post({ email: "x@example.com", name: "X", roles: ["king"] })).body.errors).toMatchObject([{ field: "roles" }]);
    expect((await post({ employee_id: setup.company.employees.fred, roles: ["sales_rep"] })).body.errors).toMatchObject([
      { field: "email" },
    ]);
    expect((await post({ email: { $gt: "" }, name: "X", roles: ["analyst"] })).status).toBe(422);
  });

  test("when the employee leaves, sessions and keys end with the statement that says so", async () => {
    const nick = await setup.user("nick@example.com", ["sales_rep"], setup.company.employees.nick);
    const caller = browser();
    await caller.signIn("nick@example.com");
    const { key } = (await caller.send<{ key: string }>("POST", "/api/v1/me/keys", { name: "script", expires_in_days: 30 })).body;
    const byKey = async (): Promise<number> => (await browser().send("GET", "/api/v1/me", undefined, { "x-api-key": key })).status;
    expect(await byKey()).toBe(200);
    await setup.client.query("set role kehu_app");
    await setup.client.query("update crm.employees set status = 'left' where id = $1", [setup.company.employees.nick]);
    await setup.client.query("reset role");
    const left = await setup.client.query(
      `select (select count(*) from auth.session where "userId" = $1)::integer as sessions, (select count(*) from auth.apikey where "referenceId"::text = $1::text)::integer as keys`,
      [nick],
    );
    expect(left.rows).toEqual([{ sessions: 0, keys: 0 }]);
    await expect.poll(async () => (await caller.send("GET", "/api/v1/me")).status, { timeout: 2_000, interval: 20 }).toBe(401);
    expect(await byKey()).toBe(401);
    expect((await caller.signIn("nick@example.com")).status).toBe(403);
    expect((await accountTrail(setup, nick)).find(({ action }) => action === "account_stopped")).toMatchObject({
      new_values: { reason: "employee left", sessions_ended: 1, keys_revoked: 1 },
    });
    const { data } = (await admin.send<{ data: User[] }>("GET", "/api/v1/users?search=nick@")).body;
    expect(data).toMatchObject([{ id: nick, idle_reason: "employee_left" }]);

    await setup.client.query("update crm.employees set status = 'active' where id = $1", [setup.company.employees.nick]);
    expect(await byKey()).toBe(401);
  });

  test("an administrator stops and starts an account; stopped, nothing of it works", async () => {
    const ned = await setup.user("ned@example.com", ["sales_rep"], setup.company.employees.ned);
    const caller = browser();
    await caller.signIn("ned@example.com");
    const token = await resetLink(ned);
    expect((await admin.send("PATCH", `/api/v1/users/${ned}`, { is_active: false })).body).toMatchObject({ is_active: false, sessions: 0 });
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(401);
    expect((await caller.signIn("ned@example.com")).status).toBe(403);
    expect((await reset(token, "three boats and a lamp")).status).toBe(400);
    expect((await admin.send("POST", `/api/v1/users/${ned}/reset-link`)).status).toBe(409);
    expect((await admin.send("PATCH", `/api/v1/users/${ned}`, { is_active: true, roles: ["analyst"] })).body).toMatchObject({
      roles: ["analyst"],
    });
    expect((await caller.signIn("ned@example.com")).status).toBe(200);
  });

  test("the last administrator stays, and nobody stops themselves", async () => {
    expect((await admin.send("PATCH", `/api/v1/users/${root}`, { is_active: false })).status).toBe(409);
    const answer = await admin.send("PATCH", `/api/v1/users/${root}`, { roles: ["analyst"] });
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining("last active administrator") } });
    expect((await admin.send("GET", "/api/v1/users")).status).toBe(200);
  });

  test("only administrators see and change accounts", async () => {
    const caller = browser();
    await caller.signIn("ned@example.com");
    for (const [method, path] of [
      ["GET", "/api/v1/users"],
      ["POST", "/api/v1/users"],
      ["GET", `/api/v1/users/${root}`],
      ["PATCH", `/api/v1/users/${root}`],
      ["POST", `/api/v1/users/${root}/reset-link`],
      ["DELETE", `/api/v1/users/${root}/second-factor`],
      ["GET", `/api/v1/users/${root}/devices`],
      ["GET", "/api/v1/account-settings"],
      ["PATCH", "/api/v1/account-settings"],
    ] as const) {
      expect((await caller.send(method, path, method === "GET" ? undefined : {})).status, `${method} ${path}`).toBe(403);
      expect((await browser().send(method, path, method === "GET" ? undefined : {})).status, `${method} ${path}`).toBe(401);
    }
    expect((await admin.send("GET", "/api/v1/users/nobody")).status).toBe(404);
    expect((await admin.send("DELETE", `/api/v1/users/${root}/keys/none`)).status).toBe(404);
    expect((await admin.send("PUT", "/api/v1/users")).status).toBe(405);
  });
});

describe("O18 a reset link", () => {
  test("works once, ends all sessions, and only its hash is stored", async () => {
    const fred = await setup.user("fred@example.com", ["analyst"], setup.company.employees.fred);
    const caller = browser();
    await caller.signIn("fred@example.com");
    const token = await resetLink(fred);
    const { rows } = await setup.client.query<{ all: string }>(
      "select jsonb_agg(to_jsonb(verification))::text as all from auth.verification as verification",
    );
    expect(rows[0]?.all).not.toContain(token);
    expect((await reset(token, "an entirely new phrase")).status).toBe(200);
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(401);
    expect((await caller.signIn("fred@example.com", testPassword)).status).toBe(401);
    expect((await caller.signIn("fred@example.com", "an entirely new phrase")).status).toBe(200);
    expect((await reset(token, "yet another phrase of mine")).status).toBe(400);
  });

  test("is too old after 30 minutes, and ends when another is made", async () => {
    const { rows } = await setup.client.query<{ id: string }>(`select id from auth."user" where email = 'fred@example.com'`);
    const fred = rows[0]?.id ?? "";
    const first = await resetLink(fred);
    const second = await resetLink(fred);
    expect((await reset(first, "yet another phrase of mine")).status).toBe(400);
    const { rows: ages } = await setup.client.query<{ minutes: number }>(
      `select round(extract(epoch from "expiresAt" - now()) / 60)::integer as minutes from auth.verification where value = $1`,
      [fred],
    );
    expect(ages).toEqual([{ minutes: 30 }]);
    await setup.client.query(`update auth.verification set "expiresAt" = now() - interval '1 second' where value = $1`, [fred]);
    expect((await reset(second, "yet another phrase of mine")).status).toBe(400);
  });

  test("takes no password against the rules, says why in the reader's language, and stays usable", async () => {
    const { rows } = await setup.client.query<{ id: string }>(`select id from auth."user" where email = 'fred@example.com'`);
    const token = await resetLink(rows[0]?.id ?? "");
    expect(await reset(token, "password1234", "en")).toMatchObject({
      status: 422,
      body: { code: "PASSWORD_TOO_COMMON", detail: expect.stringContaining("too common") },
    });
    expect(await reset(token, "太短了")).toMatchObject({
      status: 422,
      body: { code: "PASSWORD_TOO_SHORT", detail: expect.stringContaining("至少需要 12 个字符") },
    });
    expect(await reset(token, "my fred@example phrase")).toMatchObject({ status: 422, body: { code: "PASSWORD_NAMES_OWNER" } });
    expect((await reset(token, "yet another phrase of mine")).status).toBe(200);
  });

  test.each([[{ $ne: null }], [["a"]], [1], [null], [""], ["x".repeat(5000)]])("a token %j is refused", async (token) => {
    expect((await reset(token as string, "yet another phrase of mine")).status).toBe(400);
  });

  test("changing one's own password needs the old one, keeps to the rules and can end the other sessions", async () => {
    const [one, two] = [browser(), browser()];
    await one.signIn("fred@example.com", "yet another phrase of mine");
    await two.signIn("fred@example.com", "yet another phrase of mine");
    const change = (currentPassword: string, newPassword: string) =>
      one.send("POST", "/api/auth/change-password", { currentPassword, newPassword, revokeOtherSessions: true });
    expect((await change("yet another phrase of mine", "qwertyuiop123")).status).toBe(422);
    expect((await change("not what it was at all", "some other words here")).status).toBe(400);
    expect((await change("yet another phrase of mine", "some other words here")).status).toBe(200);
    expect((await one.send("GET", "/api/v1/me")).status).toBe(200);
    expect((await two.send("GET", "/api/v1/me")).status).toBe(401);
  });
});
