import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestAuth, testPassword, type TestAuth } from "./testing.ts";
import { accountTrail, createBrowsers } from "./testing-browser.ts";

let setup: TestAuth;
let browser: ReturnType<typeof createBrowsers>;
let nora: string;

beforeAll(async () => {
  setup = await createTestAuth();
  browser = createBrowsers(setup);
  nora = await setup.user("nora@example.com", ["sales_manager"], setup.company.employees.nora);
});
afterAll(() => setup.close());

const wait = (subjectsOlderBy: string): Promise<unknown> =>
  setup.client.query(`update auth.attempts set blocked_until = blocked_until - interval '${subjectsOlderBy}'`);

describe("O18 wrong passwords", () => {
  test("are slowed down after five, the same for an account that exists and one that does not, and a right one is not let in meanwhile", async () => {
    const story = async (email: string, address: string): Promise<[number, unknown, unknown][]> => {
      const caller = browser(address);
      const answers: [number, unknown, unknown][] = [];
      for (let index = 0; index < 6; index++) {
        const { status, headers, body } = await caller.signIn(email, `wrong password ${index}`);
        answers.push([status, body.detail, headers.get("retry-after")]);
      }
      const { status, headers, body } = await caller.signIn(email, testPassword);
      return [...answers, [status, body.code, headers.get("retry-after")]];
    };
    const real = await story("nora@example.com", "198.51.100.1");
    const made = await story("nobody@example.com", "198.51.100.2");
    expect(real.map(([status]) => status)).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(real[6]?.[1]).toBe("TOO_MANY_ATTEMPTS");
    const withoutSeconds = (answers: unknown): string => JSON.stringify(answers).replace(/\d+( seconds|"\])/g, "N$1");
    expect(withoutSeconds(made)).toBe(withoutSeconds(real));
    expect(Number(real[5]?.[2])).toBeGreaterThan(5);
  });

  test("the wait grows, ends, and a right password forgets it", async () => {
    const caller = browser("198.51.100.1");
    await wait("10 seconds");
    expect((await caller.signIn("nora@example.com", "wrong again and again")).status).toBe(401);
    const longer = await caller.signIn("nora@example.com");
    expect(longer.status).toBe(429);
    expect(Number(longer.headers.get("retry-after"))).toBeGreaterThan(12);
    await wait("20 seconds");
    expect((await caller.signIn("nora@example.com")).status).toBe(200);
    for (let index = 0; index < 4; index++) expect((await caller.signIn("nora@example.com", "wrong password")).status).toBe(401);
    expect((await caller.signIn("nora@example.com")).status).toBe(200);
  });

  test("many at one moment do not slip through", async () => {
    const caller = browser("198.51.100.3");
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => caller.signIn("someone@example.com", `guess number ${index}`)),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
  });

  test("from many addresses can't lock the owner out: the browser used before has its own count, others wait a minute at most", async () => {
    const own = browser("203.0.113.1");
    expect((await own.signIn("nora@example.com")).status).toBe(200);
    let blocked = 0;
    for (let index = 0; index < 30; index++) {
      const { status } = await browser(`198.51.100.${100 + index}`).signIn("nora@example.com", "guess of a stranger");
      if (status === 429) blocked += 1;
    }
    expect(blocked).toBeGreaterThan(5);
    expect((await own.signIn("nora@example.com")).status).toBe(200);
    await setup.client.query("update auth.attempts set failures = 1000 where failures > 10");
    const stranger = await browser("203.0.113.2").signIn("nora@example.com");
    const seconds = Number(stranger.headers.get("retry-after"));
    expect(stranger.status === 200 || seconds <= 60).toBe(true);
  });

  test("on many accounts from one address are slowed down too", async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 56; index++)
      statuses.push((await browser("203.0.113.77").signIn(`person-${index}@example.com`, "one password for all")).status);
    expect(statuses.slice(0, 50).every((status) => status === 401)).toBe(true);
    expect(statuses.slice(51).every((status) => status === 429)).toBe(true);
  });

  test("are in the audit trail with account and address, and no password or e-mail address stands anywhere", async () => {
    const trail = await accountTrail(setup, nora);
    expect(trail.filter(({ action }) => action === "sign_in_failed").length).toBeGreaterThan(5);
    expect(trail.find(({ action }) => action === "sign_in_blocked")).toMatchObject({ ip: "198.51.100.1", actor_id: null });
    expect(trail.find(({ action }) => action === "sign_in")).toMatchObject({ actor_id: nora, new_values: { method: "password" } });
    const { rows } = await setup.client.query<{ all: string }>(
      "select (select jsonb_agg(to_jsonb(entries)) from audit.entries as entries)::text || (select jsonb_agg(to_jsonb(attempts)) from auth.attempts as attempts)::text as all",
    );
    expect(rows[0]?.all).not.toMatch(/@example\.com|guess|wrong|horse/);
  });
});
