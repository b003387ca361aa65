/// <reference lib="dom" />
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { totpOf } from "../../operational-api/src/auth/testing-totp.ts";
import { launchBrowser } from "../browser.ts";
import { accessibilityFaults, enterPassword, openPage, sticksOutBy, type Opened } from "../page.ts";
import { signIn, signInDemo, type Session } from "../stack.ts";

const stack = inject("stack");
const administrator = inject("administrator");
const password = "seven quiet harbours";

let browser: Browser;
let admin: Session;
let user: { id: string; email: string };
let resetLink: string;
/** What the authenticator app was given. */
let factor: string;

const create = async <Body>(path: string, body: unknown): Promise<Body> => {
  const response = await admin.fetch(path, { method: "POST", body: JSON.stringify(body) });
  expect(response.status, path).toBe(201);
  return (await response.json()) as Body;
};

beforeAll(async () => {
  browser = await launchBrowser();
  admin = await signIn(stack, administrator.email, administrator.password);
  user = await create("/api/v1/users", { email: `accounts-${Date.now()}@example.com`, name: "Reader", roles: ["executive"] });
  resetLink = (await create<{ link: string }>(`/api/v1/users/${user.id}/reset-link`, {})).link;
});
afterAll(() => browser?.close());

const open = (locale: "zh-CN" | "en" = "zh-CN", width = 1280): Promise<Opened> => openPage(browser, { url: stack.url, locale, width });
const enter = (page: Page, email: string, secret: string): Promise<void> => enterPassword(page, stack.url, email, secret);

async function signedIn(page: Page): Promise<void> {
  await enter(page, user.email, password);
  await page.waitForURL(/\/sign-in\/code/);
  await page.fill("input[name=code]", totpOf(factor));
  await page.click("form.tile button[type=submit]");
  await page.waitForURL(`${stack.url}/`);
}

describe("O18 accounts in the portal", () => {
  it("a link sets the first password, once, and says what is wrong with a bad one", async () => {
    const { context, page } = await open("en");
    const set = async (text: string): Promise<void> => {
      await page.goto(resetLink);
      await page.fill("input[name=password]", text);
      await page.fill("input[name=again]", text);
      await page.click("form.tile button[type=submit]");
    };
    await set("password-password");
    await page.getByRole("alert").filter({ hasText: "too common" }).waitFor();
    await set(password);
    await page.waitForURL(/\/sign-in\?reset/);
    await set(`${password} again`);
    await page.getByRole("alert").filter({ hasText: "used already" }).waitFor();
    await enter(page, user.email, password);
    await page.waitForURL(`${stack.url}/`);
    await context.close();
  });

  it("the second factor is set up on the account page, and asked for from then on", async () => {
    const { context, page, problems } = await open("en");
    await enter(page, user.email, password);
    await page.waitForURL(`${stack.url}/`);
    await page.goto(`${stack.url}/account`);
    await page.fill("form[action='?/begin'] input[name=password]", password);
    await page.click("form[action='?/begin'] button");
    factor = (await page.getByTestId("factor-address").getAttribute("href")) ?? "";
    await page.getByRole("img", { name: "QR code" }).waitFor();
    expect(await page.getByTestId("recovery-codes").locator("li").count()).toBe(10);
    await page.fill("form[action='?/confirm'] input[name=code]", "000000");
    await page.click("form[action='?/confirm'] button");
    await page.getByRole("alert").filter({ hasText: "not right" }).waitFor();
    // What is shown once is still there.
    const code = (await page.getByTestId("recovery-codes").locator("li").first().textContent()) ?? "";
    await page.fill("form[action='?/confirm'] input[name=code]", totpOf(factor));
    await page.click("form[action='?/confirm'] button");
    await page.getByRole("status").filter({ hasText: "is on" }).waitFor();

    const other = await open("en");
    await signedIn(other.page);
    await other.context.close();
    const third = await open("en");
    await enter(third.page, user.email, password);
    await third.page.waitForURL(/\/sign-in\/code/);
    await third.page.getByRole("link", { name: "Use a recovery code" }).click();
    await third.page.waitForURL(/recovery/);
    await third.page.fill("input[name=code]", code);
    await third.page.click("form.tile button[type=submit]");
    await third.page.waitForURL(`${stack.url}/`);
    await third.context.close();
    expect(problems).toEqual([]);
    await context.close();
  });

  it("a page whose session has ended asks to sign in again over it, and what was entered is kept and sent", async () => {
    const { context, page } = await open("en");
    await signedIn(page);
    await page.goto(`${stack.url}/account`);
    await page.fill("form[action='?/makeKey'] input[name=name]", "typed before the break");
    const ended = await admin.fetch(`/api/v1/users/${user.id}/sessions`, { method: "DELETE" });
    expect(ended.status).toBe(200);
    await page.evaluate("dispatchEvent(new Event('focus'))");
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(true);
    await dialog.locator("input[name=password]").fill("not the password");
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await dialog.getByRole("alert").waitFor();
    await dialog.locator("input[name=password]").fill(password);
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await dialog.locator("input[name=code]").fill(totpOf(factor));
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await dialog.waitFor({ state: "hidden" });
    expect(await page.inputValue("form[action='?/makeKey'] input[name=name]")).toBe("typed before the break");
    await page.click("form[action='?/makeKey'] button");
    const key = (await page.getByTestId("new-key").textContent()) ?? "";
    const answer = await fetch(`${stack.url}/api/v1/me`, { headers: { "x-api-key": key } });
    expect(answer.status).toBe(200);
    await context.close();
  });

  it("a page runs scripts of ours only, and stands in nobody's frame", async () => {
    const rules = (await fetch(`${stack.url}/sign-in`)).headers.get("content-security-policy") ?? "";
    const ruleOf = (name: string): string => new RegExp(`${name} ([^;]*)`).exec(rules)?.[1] ?? "none stated";
    expect(ruleOf("script-src")).toMatch(/^'self'( 'nonce-[^']+')?$/);
    expect([ruleOf("frame-ancestors"), ruleOf("base-uri"), ruleOf("object-src")]).toEqual(["'none'", "'self'", "'none'"]);
  });

  it("a key for some data reaches no other, in the API, the figures and ad-hoc SQL", async () => {
    const analyst = (await signInDemo(stack)).analyst;
    const made = await analyst.fetch("/api/v1/me/keys", {
      method: "POST",
      body: JSON.stringify({ name: "customers only", expires_in_days: 1, entities: ["customer"] }),
    });
    const { key } = (await made.json()) as { key: string };
    const ask = async (path: string, body?: unknown): Promise<number> => {
      const response = await fetch(`${stack.url}${path}`, {
        headers: { "x-api-key": key, "content-type": "application/json" },
        ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
      });
      await response.arrayBuffer();
      return response.status;
    };
    const answers = {
      customers: [
        await ask("/api/v1/customers?limit=1"),
        await ask("/cubejs-api/v1/load", { query: { measures: ["customers.count"] } }),
        await ask("/api/sql", { sql: "select count(*) from dim_customers" }),
      ],
      orders: [
        await ask("/api/v1/orders?limit=1"),
        await ask("/cubejs-api/v1/load", { query: { measures: ["orders.amount"] } }),
        await ask("/api/sql", { sql: "select count(*) from fct_order_lines" }),
      ],
    };
    expect(answers.customers).toEqual([200, 200, 200]);
    for (const status of answers.orders) expect([400, 403, 422]).toContain(status);
    // The same person by the session is not limited.
    expect((await analyst.fetch("/api/v1/orders?limit=1")).status).toBe(200);
  });

  it("an administrator makes and stops an account on its pages; others find no such page", async () => {
    const { context, page } = await open("en");
    await enter(page, administrator.email, administrator.password);
    await page.waitForURL(`${stack.url}/`);
    await page.goto(`${stack.url}/admin/users?search=${encodeURIComponent(user.email)}`);
    await page.getByTestId("users").getByRole("link", { name: "Reader" }).click();
    await page.waitForURL(/\/admin\/users\/[0-9a-f-]{36}/);
    await page.getByRole("button", { name: "Make a password link" }).click();
    expect(await page.getByTestId("reset-link").textContent()).toContain(`${stack.url}/sign-in/reset?token=`);
    await page.getByRole("button", { name: "Stop the account" }).click();
    await page.getByRole("button", { name: "Start the account" }).waitFor();
    const stopped = await open("en");
    await enter(stopped.page, user.email, password);
    await stopped.page.getByRole("alert").filter({ hasText: "stopped" }).waitFor();
    await page.getByRole("button", { name: "Start the account" }).click();
    await page.getByRole("button", { name: "Stop the account" }).waitFor();
    await signedIn(stopped.page);
    expect((await stopped.page.goto(`${stack.url}/admin/users`))?.status()).toBe(404);
    await stopped.context.close();
    await context.close();
  });

  it.each([
    ["zh-CN", 1280],
    ["en", 390],
  ] as const)("the pages are accessible and fit, in %s at %i px", async (locale, width) => {
    const { context, page, problems } = await open(locale, width);
    const look = async (path: string): Promise<void> => {
      await page.goto(`${stack.url}${path}`);
      expect(await accessibilityFaults(page), path).toEqual([]);
      expect(await sticksOutBy(page), path).toBe(0);
    };
    for (const path of ["/sign-in", "/sign-in/reset?token=none", "/sign-in/device?token=none"]) await look(path);
    await enter(page, administrator.email, administrator.password);
    await page.waitForURL(`${stack.url}/`);
    for (const path of ["/admin/users", `/admin/users/${user.id}`]) await look(path);
    for (let more = 0; more < 6; more++) await signIn(stack, administrator.email, administrator.password);
    await look("/account");
    // Many sessions don't push what is below them off the screen.
    const sessions = page.getByRole("region", { name: locale === "en" ? "Sessions" : "登录中的设备" });
    expect(await sessions.getByRole("listitem").count()).toBe(5);
    await sessions.locator("summary").click();
    expect(await sessions.getByRole("listitem").count()).toBeGreaterThan(5);
    expect(problems).toEqual([]);
    await context.close();
  });
});
