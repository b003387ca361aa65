import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject, it } from "vitest";
import { launchBrowser } from "../browser.ts";
import { accessibilityFaults, openPage, sticksOutBy } from "../page.ts";
import { signInDemo, type Session } from "../stack.ts";

const stack = inject("stack");
let browser: Browser;
let sessions: Awaited<ReturnType<typeof signInDemo>>;
const opened: BrowserContext[] = [];

beforeAll(async () => {
  [browser, sessions] = await Promise.all([launchBrowser(), signInDemo(stack)]);
}, 120_000);
afterEach(async () => {
  for (const context of opened.splice(0)) await context.close();
});
afterAll(() => browser?.close());

/** The page as the session's owner sees it, with the editor loaded. */
async function open(session: Session, options: { width?: number; locale?: "en" | "zh-CN"; dark?: boolean } = {}): Promise<Page> {
  const { context, page } = await openPage(browser, { url: stack.url, session, width: 1440, locale: "en", ...options });
  opened.push(context);
  await page.goto(`${stack.url}/sql`);
  await page.locator(".cm-content").waitFor();
  return page;
}

const write = async (page: Page, sql: string): Promise<void> => {
  await page.locator(".cm-content").fill(sql);
};
const rowsOf = (page: Page): Promise<string[]> => page.locator("table tbody tr").allInnerTexts();
it("P5: a rep writes a statement with a parameter, runs it by keyboard, sees the rows, a chart and a file", async () => {
  const page = await open(sessions.sales_rep);
  expect(await page.getByRole("navigation").getByRole("link", { name: "SQL" }).getAttribute("aria-current")).toBe("page");
  await write(page, "select customer_name, amount from fct_orders where amount > $least order by amount desc limit 5");
  await page.getByLabel("$least", { exact: true }).fill("100");
  await page.getByLabel("Type of least").selectOption("decimal");
  await page.locator(".cm-content").press("Control+Enter");
  await page.getByRole("status").filter({ hasText: "Rows: 5" }).waitFor();
  expect(await rowsOf(page)).toHaveLength(5);
  expect(await accessibilityFaults(page)).toEqual([]);

  await page.getByRole("button", { name: "As a chart" }).click();
  expect(await page.locator("figure .marks > *").count()).toBe(5);
  expect(await accessibilityFaults(page)).toEqual([]);

  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "csv", exact: true }).click()]);
  expect(download.suggestedFilename()).toBe("query.csv");
});

it("completes tables, and columns of the table", async () => {
  const page = await open(sessions.analyst);
  const options = page.locator(".cm-tooltip-autocomplete li");
  await page.locator(".cm-content").pressSequentially("select * from dim_cust");
  await options.getByText("dim_customers", { exact: true }).waitFor();
  await write(page, "");
  await page.locator(".cm-content").pressSequentially("select dim_customers.custo");
  await options.getByText("customer_id", { exact: false }).first().waitFor();
});

it("says where an error is and goes there, and cancels what runs", async () => {
  const page = await open(sessions.analyst);
  await write(page, "select 1,\n  custmer_name from fct_orders");
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByRole("alert").getByText("Perhaps you meant").waitFor();
  await page.getByRole("button", { name: "Line 2, column 3" }).click();
  await page.keyboard.type("X");
  expect(await page.locator(".cm-line").nth(1).innerText()).toBe("  Xcustmer_name from fct_orders");

  await write(page, "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3");
  await page.locator(".cm-content").press("Control+Enter");
  await page.getByText("Running…").waitFor();
  await page.locator(".cm-content").press("Escape");
  await page.getByRole("alert").getByText("The statement was cancelled.").waitFor();
});

it("says whose rows are shown when they are not those of the statement in the editor", async () => {
  const page = await open(sessions.analyst);
  const notice = page.getByTestId("result-of-another");
  await write(page, "select 42 as answer");
  await page.locator(".cm-content").press("Control+Enter");
  await page.getByRole("status").filter({ hasText: "Rows: 1" }).waitFor();
  expect(await notice.count()).toBe(0);
  await write(page, "select nothing as answer");
  await notice.getByText("select 42 as answer").waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.locator(".cm-content").press("Control+Enter");
  await page.getByRole("alert").waitFor();
  expect(await notice.count()).toBe(1);
  expect(await rowsOf(page)).toEqual(["42"]);
  await write(page, "select 43 as answer");
  await page.locator(".cm-content").press("Control+Enter");
  await notice.waitFor({ state: "detached" });
  expect(await rowsOf(page)).toEqual(["43"]);
});

it("P5: keeps history and saved statements with the account, and shares those that are shared", async () => {
  const page = await open(sessions.analyst);
  const name = `the answer ${Date.now()}`;
  await write(page, "select 40 + $more as answer");
  await page.getByLabel("$more", { exact: true }).fill("2");
  await page.getByLabel("Type of more").selectOption("integer");
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByRole("status").filter({ hasText: "Rows: 1" }).waitFor();
  await page.getByLabel("Name of the statement").fill(name);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: `Rename ${name}` }).click();
  await page.getByLabel(`New name of ${name}`).fill(`${name}!`);
  await page.locator("li").getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: `Share ${name}!` }).click();
  await page.getByRole("button", { name: `Share ${name}!`, pressed: true }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  // Another browser of the same person.
  const elsewhere = await open(sessions.analyst);
  expect(await elsewhere.locator("#sql-history ~ ul button").first().innerText()).toBe("select 40 + $more as answer");
  await elsewhere.getByRole("button", { name: `${name}!`, exact: true }).click();
  expect(await elsewhere.locator(".cm-content").innerText()).toBe("select 40 + $more as answer");
  expect(await elsewhere.getByLabel("$more", { exact: true }).inputValue()).toBe("2");

  const another = await open(sessions.sales_rep);
  await another.getByRole("button", { name: `${name}!`, exact: true }).click();
  expect(await another.locator(".cm-content").innerText()).toBe("select 40 + $more as answer");
  expect(await another.getByRole("button", { name: `Delete ${name}!` }).count()).toBe(0);
  expect(await another.getByText("select 40 + $more as answer").count()).toBe(1);

  await page.getByRole("button", { name: `Delete ${name}!` }).click();
  await page.getByRole("button", { name: `${name}!`, exact: true }).waitFor({ state: "detached" });
  await another.reload();
  await another.locator(".cm-content").waitFor();
  expect(await another.getByRole("button", { name: `${name}!`, exact: true }).count()).toBe(0);
});

it("fits a phone, in Chinese and in the dark", async () => {
  const page = await open(sessions.sales_rep, { width: 390, locale: "zh-CN", dark: true });
  await write(page, "select number, customer_name, amount, status from fct_orders order by 1 limit 3");
  await page.getByRole("button", { name: "运行" }).click();
  await page.getByRole("status").filter({ hasText: "3 行" }).waitFor();
  expect(await sticksOutBy(page)).toBe(0);
  expect(await accessibilityFaults(page)).toEqual([]);
});
