import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestAuth, testPassword, type TestAuth } from "./testing.ts";
import { accountTrail, createBrowsers, type TestBrowser } from "./testing-browser.ts";
import { totpOf } from "./testing-totp.ts";

let setup: TestAuth;
let browser: ReturnType<typeof createBrowsers>;
let admin: TestBrowser;
let nora: string;
let enrolled: { totpURI: string; backupCodes: string[] };
let addresses = 0;
const anywhere = (): TestBrowser => browser(`198.51.100.${(addresses += 1)}`);

beforeAll(async () => {
  setup = await createTestAuth();
  browser = createBrowsers(setup);
  nora = await setup.user("nora@example.com", ["sales_manager"], setup.company.employees.nora);
  await setup.user("root@example.com", ["administrator"]);
  admin = anywhere();
  await admin.signIn("root@example.com");
});
afterAll(() => setup.close());

describe("O18 the second factor", () => {
  test("is switched on with the password and a code of the app, and not before", async () => {
    const caller = anywhere();
    await caller.signIn("nora@example.com");
    expect((await caller.send("POST", "/api/auth/two-factor/enable", { password: "not hers at all" })).status).toBe(400);
    const begun = await caller.send<typeof enrolled>("POST", "/api/auth/two-factor/enable", { password: testPassword });
    expect(begun.status).toBe(200);
    enrolled = begun.body;
    expect(enrolled.backupCodes).toHaveLength(10);
    expect((await anywhere().signIn("nora@example.com")).body.twoFactorRedirect).toBeUndefined();
    expect((await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: "000000" })).status).toBe(401);
    expect((await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: totpOf(enrolled.totpURI) })).status).toBe(200);
    expect((await caller.send("GET", "/api/v1/me")).body.account).toMatchObject({ second_factor: true });
    expect((await accountTrail(setup, nora)).map(({ action }) => action)).toContain("second_factor_on");
  });

  test("from then on a password alone gives no session", async () => {
    const caller = anywhere();
    const first = await caller.signIn("nora@example.com");
    expect(first).toMatchObject({ status: 200, body: { twoFactorRedirect: true } });
    expect(caller.cookies()).not.toContain("session_token");
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(401);
    const wrong = await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: "000000" });
    expect(wrong.status).toBe(401);
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(401);
    expect((await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: totpOf(enrolled.totpURI) })).status).toBe(200);
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(200);
    const trail = await accountTrail(setup, nora);
    expect(trail.findLast(({ action }) => action === "second_factor_failed")).toMatchObject({ actor_id: null });
    expect(trail.at(-1)).toMatchObject({ action: "sign_in", new_values: { method: "second factor" } });
  });

  test("a recovery code works once in its place", async () => {
    const code = enrolled.backupCodes[0];
    const caller = anywhere();
    await caller.signIn("nora@example.com");
    expect((await caller.send("POST", "/api/auth/two-factor/verify-backup-code", { code })).status).toBe(200);
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(200);
    const again = anywhere();
    await again.signIn("nora@example.com");
    expect((await again.send("POST", "/api/auth/two-factor/verify-backup-code", { code })).status).toBe(401);
    expect((await again.send("GET", "/api/v1/me")).status).toBe(401);
  });

  test("five wrong codes end the challenge", async () => {
    const caller = anywhere();
    await caller.signIn("nora@example.com");
    for (let index = 0; index < 5; index++) await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: "000000" });
    expect((await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: totpOf(enrolled.totpURI) })).status).toBe(400);
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(401);
    await setup.client.query(`update auth."twoFactor" set "failedVerificationCount" = 0, "lockedUntil" = null`);
  });

  test("ten wrong codes in a row lock it for a while, and the answer says for how long", async () => {
    for (let challenge = 0; challenge < 2; challenge++) {
      const caller = anywhere();
      await caller.signIn("nora@example.com");
      for (let index = 0; index < 5; index++) await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: "000000" });
    }
    const caller = anywhere();
    await caller.signIn("nora@example.com");
    const locked = await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: totpOf(enrolled.totpURI) });
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get("retry-after"))).toBeGreaterThan(800);
    expect(Number(locked.headers.get("retry-after"))).toBeLessThanOrEqual(900);
    await setup.client.query(`update auth."twoFactor" set "lockedUntil" = now() - interval '1 second'`);
    expect((await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: totpOf(enrolled.totpURI) })).status).toBe(200);
  });

  test("an administrator takes it away when the phone is lost, which ends the sessions", async () => {
    const caller = anywhere();
    await caller.signIn("nora@example.com");
    await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: totpOf(enrolled.totpURI) });
    expect((await admin.send("DELETE", `/api/v1/users/${nora}/second-factor`)).status).toBe(204);
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(401);
    expect((await caller.signIn("nora@example.com")).body.twoFactorRedirect).toBeUndefined();
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(200);
  });

  test("of a role that must have one, nothing works until it is set up: neither data nor tokens nor keys", async () => {
    const set = await admin.send("PATCH", "/api/v1/account-settings", { second_factor_roles: ["sales_manager"] });
    expect(set).toMatchObject({ status: 200, body: { second_factor_roles: ["sales_manager"] } });
    const caller = anywhere();
    await caller.signIn("nora@example.com");
    const me = await caller.send("GET", "/api/v1/me");
    expect(me.status).toBe(403);
    expect(me.headers.get("kehu-needs")).toBe("second-factor");
    expect((await caller.send("GET", "/api/auth/token")).status).toBe(403);
    expect((await caller.send("POST", "/api/auth/api-key/create", { name: "way round" })).status).toBe(403);
    expect((await caller.send("POST", "/api/v1/me/keys", { name: "way round", expires_in_days: 1 })).status).toBe(403);
    const begun = await caller.send<typeof enrolled>("POST", "/api/auth/two-factor/enable", { password: testPassword });
    expect((await caller.send("POST", "/api/auth/two-factor/verify-totp", { code: totpOf(begun.body.totpURI) })).status).toBe(200);
    expect((await caller.send("GET", "/api/v1/me")).status).toBe(200);
    await admin.send("PATCH", "/api/v1/account-settings", { second_factor_roles: [] });
  });

  test("a role that does not exist can't be made to need one", async () => {
    const answer = await admin.send("PATCH", "/api/v1/account-settings", { second_factor_roles: ["chief"] });
    expect(answer).toMatchObject({
      status: 422,
      body: { errors: [{ field: "second_factor_roles", reason: expect.stringContaining("chief") }] },
    });
  });
});
