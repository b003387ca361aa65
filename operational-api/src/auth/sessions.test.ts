import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestAuth, type TestAuth } from "./testing.ts";
import { accountTrail, createBrowsers, type TestBrowser } from "./testing-browser.ts";

let setup: TestAuth;
let browser: ReturnType<typeof createBrowsers>;
let admin: TestBrowser;
let ned: string;

interface Listed {
  data: { id: string; device: string; address: string; method: string; is_current: boolean; last_seen_at: string }[];
}

const signedIn = async (address = "198.51.100.1", userAgent?: string): Promise<TestBrowser> => {
  const caller = browser(address, userAgent);
  await caller.signIn("ned@example.com");
  return caller;
};
const statusOf = async (caller: TestBrowser, headers?: Record<string, string>): Promise<number> =>
  (await caller.send("GET", "/api/v1/me", undefined, headers)).status;
const leaveAlone = async (interval: string): Promise<void> => {
  await setup.client.query(`update auth.session set "lastSeenAt" = "lastSeenAt" - interval '${interval}' where "userId" = $1`, [ned]);
  setup.auth.forget(); // as after the 5 s for which a credential that was right is not asked for again
};

beforeAll(async () => {
  setup = await createTestAuth();
  browser = createBrowsers(setup);
  ned = await setup.user("ned@example.com", ["sales_rep"], setup.company.employees.ned);
  await setup.user("root@example.com", ["administrator"]);
  admin = browser();
  await admin.signIn("root@example.com");
});
afterAll(() => setup.close());

describe("O18 sessions", () => {
  test("are listed with device, address and when they were last used, without their tokens", async () => {
    const phone = await signedIn("203.0.113.4", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/605.1");
    await signedIn("198.51.100.1");
    const { body } = await phone.send<Listed>("GET", "/api/v1/me/sessions");
    expect(body.data).toHaveLength(2);
    expect(body.data.find(({ is_current }) => is_current)).toMatchObject({
      device: "Safari, iOS",
      address: "203.0.113.4",
      method: "password",
    });
    expect(body.data.find(({ is_current }) => !is_current)).toMatchObject({ device: "Chrome, Windows", address: "198.51.100.1" });
    const token = /session_token=([^.;]+)/.exec(phone.cookies())?.[1] ?? "none";
    expect(JSON.stringify(body)).not.toContain(token);
    expect((await phone.send("GET", "/api/auth/list-sessions")).status).toBe(404);
  });

  test("one is ended by its owner, and all others at once", async () => {
    const [one, two, three] = [await signedIn(), await signedIn(), await signedIn()];
    const sessions = (await one.send<Listed>("GET", "/api/v1/me/sessions")).body.data;
    const twosId = (await two.send<{ id: string }>("GET", "/api/v1/me/session")).body.id;
    expect(sessions.map(({ id }) => id)).toContain(twosId);
    expect((await one.send("DELETE", `/api/v1/me/sessions/${twosId}`)).status).toBe(204);
    expect([await statusOf(one), await statusOf(two), await statusOf(three)]).toEqual([200, 401, 200]);
    expect((await one.send("DELETE", `/api/v1/me/sessions/${twosId}`)).status).toBe(404);
    expect((await one.send("DELETE", "/api/v1/me/sessions")).status).toBe(200);
    expect([await statusOf(one), await statusOf(three)]).toEqual([200, 401]);
    expect((await accountTrail(setup, ned)).filter(({ action }) => action === "session_ended").length).toBeGreaterThanOrEqual(2);
  });

  test("nobody ends somebody else's, but an administrator", async () => {
    const caller = await signedIn();
    const { id } = (await admin.send<{ id: string }>("GET", "/api/v1/me/session")).body;
    expect((await caller.send("DELETE", `/api/v1/me/sessions/${id}`)).status).toBe(404);
    expect((await caller.send("DELETE", `/api/v1/users/${ned}/sessions`)).status).toBe(403);
    const { id: neds } = (await caller.send<{ id: string }>("GET", "/api/v1/me/session")).body;
    expect((await admin.send("DELETE", `/api/v1/users/${ned}/sessions/${neds}`)).body).toEqual({ ended: 1 });
    expect(await statusOf(caller)).toBe(401);
    const other = await signedIn();
    expect((await admin.send("DELETE", `/api/v1/users/${ned}/sessions`)).status).toBe(200);
    expect(await statusOf(other)).toBe(401);
    expect((await accountTrail(setup, ned)).at(-1)).toMatchObject({ action: "session_ended", new_values: { reason: "administrator" } });
  });

  test("end when their user does nothing for the idle time; a page that reloads by itself does not keep them", async () => {
    const caller = await signedIn();
    await leaveAlone("29 minutes");
    expect(await statusOf(caller, { "x-kehu-background": "1" })).toBe(200);
    await leaveAlone("2 minutes");
    expect(await statusOf(caller)).toBe(401);
    expect((await caller.send("POST", "/api/auth/two-factor/enable", { password: "x" })).status).toBe(401);

    const active = await signedIn();
    await leaveAlone("29 minutes");
    expect(await statusOf(active)).toBe(200);
    await leaveAlone("2 minutes");
    expect(await statusOf(active)).toBe(200);
  });

  test("the idle time is the company's, and holds for tokens too", async () => {
    expect((await admin.send("PATCH", "/api/v1/account-settings", { idle_minutes: 5 })).status).toBe(200);
    const caller = await signedIn();
    const { token } = (await caller.send<{ token: string }>("GET", "/api/auth/token")).body;
    const asks = async (): Promise<number> =>
      (await browser().send("GET", "/api/v1/me", undefined, { authorization: `Bearer ${token}` })).status;
    expect(await asks()).toBe(200);
    await leaveAlone("6 minutes");
    expect(await asks()).toBe(401);
    expect(await statusOf(caller)).toBe(401);
    await admin.send("PATCH", "/api/v1/account-settings", { idle_minutes: 30 });
  });

  test("in parallel are limited: the one unused for longest ends", async () => {
    await admin.send("PATCH", "/api/v1/account-settings", { session_limit: 2 });
    const [one, two] = [await signedIn(), await signedIn()];
    await setup.client.query(`update auth.session set "lastSeenAt" = now() - interval '1 minute' where id::text = $1`, [
      (await two.send<{ id: string }>("GET", "/api/v1/me/session")).body.id,
    ]);
    const three = await signedIn();
    setup.auth.forget();
    expect([await statusOf(one), await statusOf(two), await statusOf(three)]).toEqual([200, 401, 200]);
    expect((await accountTrail(setup, ned)).at(-1)).toMatchObject({
      action: "session_ended",
      new_values: { reason: "limit", sessions: 1 },
    });
    await admin.send("PATCH", "/api/v1/account-settings", { session_limit: 20 });
  });

  test("a change needs our Origin", async () => {
    const caller = await signedIn();
    expect((await caller.send("DELETE", "/api/v1/me/sessions", undefined, { origin: "https://evil.example" })).status).toBe(403);
    expect((await admin.send("DELETE", `/api/v1/users/${ned}/sessions`, undefined, { origin: "https://evil.example" })).status).toBe(403);
    expect(await statusOf(caller)).toBe(200);
  });
});
