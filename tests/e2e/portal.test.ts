/// <reference lib="dom" />
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import ExcelJS from "exceljs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launchBrowser } from "../browser.ts";
import { enterPassword, openPage, sticksOutBy, type Opened } from "../page.ts";
import { workbookText } from "../workbook.ts";
import { signIn, signInDemo, type DemoAccount, type Session } from "../stack.ts";

const stack = inject("stack");
const administrator = inject("administrator");

let browser: Browser;
let accounts: DemoAccount[];
let sessions: Record<DemoAccount["role"], Session>;
let admin: Session;

beforeAll(async () => {
  browser = await launchBrowser();
  accounts = (await (await fetch(`${stack.url}/api/auth/demo-accounts`)).json()) as DemoAccount[];
  sessions = await signInDemo(stack);
  admin = await signIn(stack, administrator.email, administrator.password);
});
afterAll(() => browser?.close());

/** A browser of one's own, signed in by the form as a user does it, at the home page. */
async function openAs(role: DemoAccount["role"], width = 1440): Promise<Opened> {
  const account = accounts.find((one) => one.role === role);
  if (!account) throw new Error(`no demo account of ${role}`);
  const opened = await openPage(browser, { url: stack.url, width, console: true });
  await enterPassword(opened.page, stack.url, account.email, account.password);
  await opened.page.waitForURL(`${stack.url}/`);
  return opened;
}

/** The full figure of a metric tile, unrounded: it stands in the title. */
const figure = async (page: Page, tile: string): Promise<string> =>
  (await page.getByTestId(`tile-${tile}`).getByTestId("value").getAttribute("title")) ?? "";

const digits = (text: string): string => /-?[\d,]+(\.\d+)?/.exec(text)?.[0].replaceAll(",", "") ?? "";

const thisMonth = { dimension: "receipts.received_at", dateRange: "this month" };

describe("the executive's page", () => {
  it("shows what the semantic layer says, in Chinese, without an error in the console", async () => {
    const { context, page, problems } = await openAs("executive");
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    const { data } = await sessions.executive.load({
      measures: ["orders.amount"],
      timeDimensions: [{ dimension: "orders.ordered_at", dateRange: "this month" }],
    });
    expect(digits(await figure(page, "order-amount"))).toBe(data[0]?.["orders.amount"]);
    for (const tile of ["receipts", "won-amount", "win-rate", "new-customers"]) expect(await figure(page, tile)).not.toBe("");
    expect(await page.getByTestId("tile-order-amount").getByTestId("attainment").textContent()).toMatch(/%/);
    expect(await page.locator("[data-testid^=stage-]").count()).toBeGreaterThanOrEqual(4);
    expect(problems).toEqual([]);
    await context.close();
  });

  it("changes by itself after a write through the API, and says to when it is fresh", async () => {
    const { context, page } = await openAs("executive");
    const before = await sessions.executive.load({ measures: ["receipts.amount"], timeDimensions: [thisMonth] });
    const { data: customers } = await admin.json<{ data: { id: string; owner_id: string | null }[] }>("/api/v1/customers?limit=50");
    const customer = customers.find((one) => one.owner_id);
    const response = await admin.fetch("/api/v1/receipts", {
      method: "POST",
      body: JSON.stringify({ number: `LIVE-${Date.now()}`, customer_id: customer?.id, owner_id: customer?.owner_id, amount: "1234567.89" }),
    });
    expect(response.status).toBe(201);
    const cents = (text: string | null | undefined): bigint => BigInt((text ?? "0").replace(".", ""));
    const expected = cents(before.data[0]?.["receipts.amount"]) + 123_456_789n;
    // No reload, no click: the page hears of the publish and asks again.
    await expect.poll(async () => cents(digits(await figure(page, "receipts"))), { timeout: 30_000, interval: 100 }).toBe(expected);
    expect(await page.getByTestId("freshness").first().textContent()).toMatch(/\d{2}:\d{2}/);
    await context.close();
  });

  it("leads from a bar to the records behind it, and from them to a workbook with the same cells", async () => {
    const { context, page } = await openAs("executive");
    const bar = page.getByTestId("bar").first();
    await bar.click();
    await page.waitForURL(/\/records\//);
    const records = Number(digits((await page.getByTestId("record-count").textContent()) ?? ""));
    expect(records).toBeGreaterThan(0);
    const headers = (await page.locator("table thead th").allTextContents()).map((text) => text.trim());
    const downloading = page.waitForEvent("download");
    await page.getByTestId("export").click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/\.xlsx$/);
    const folder = await mkdtemp(join(tmpdir(), "kehu-workbook-"));
    const file = join(folder, "records.xlsx");
    await download.saveAs(file);
    const workbook = new ExcelJS.Workbook();
    await workbook.xlsx.load((await readFile(file)) as unknown as Parameters<typeof workbook.xlsx.load>[0]);
    await rm(folder, { recursive: true });
    expect(workbook.worksheets.length).toBe(2);
    const sheet = workbook.worksheets[1];
    const rowTexts: string[][] = [];
    sheet?.eachRow((row) => rowTexts.push((row.values as unknown[]).slice(1).map((value) => String(value ?? ""))));
    const headerAt = rowTexts.findIndex(
      (row) => headers.filter((header) => row.some((cell) => cell.startsWith(header.replace(/[↓↑\s].*$/, "")))).length >= 3,
    );
    expect(headerAt).toBeGreaterThanOrEqual(0);
    // The rows of the sheet are the records of the page: as many, and a totals row.
    expect(rowTexts.length - headerAt - 1).toBe(records + 1);
    const firstNumber = (await page.locator("table tbody tr").first().locator("td, th").first().textContent())?.trim();
    expect(rowTexts[headerAt + 1]).toContain(firstNumber);
    const entries = await admin
      .json<{ data: { action: string }[] }>("/api/v1/audit?action=export")
      .catch(() => admin.json<{ data: { action: string }[] }>("/api/v1/audit"));
    expect(entries.data.some(({ action }) => action === "export")).toBe(true);
    await context.close();
  });

  it("takes a single tile out, as a workbook and as a picture, and the audit trail has both", async () => {
    const { context, page, problems } = await openAs("executive");
    await page.goto(`${stack.url}/dashboards/funnel`);
    const tile = page.getByTestId("tile-change");
    await tile.locator("figure .chart a").first().waitFor();
    const folder = await mkdtemp(join(tmpdir(), "kehu-tile-"));
    const take = async (button: string): Promise<{ name: string; bytes: Buffer }> => {
      // A publish between two clicks draws the tile anew and closes its menu.
      if (!(await page.getByTestId(button).isVisible())) await tile.getByTestId("export-tile").click();
      const downloading = page.waitForEvent("download");
      await page.getByTestId(button).click();
      const download = await downloading;
      const file = join(folder, button);
      await download.saveAs(file);
      return { name: download.suggestedFilename(), bytes: await readFile(file) };
    };
    const picture = await take("export-png");
    expect(picture.name).toMatch(/\.png$/);
    expect(picture.bytes.subarray(1, 4).toString()).toBe("PNG");
    const book = await take("export-xlsx");
    await rm(folder, { recursive: true });
    expect(book.name).toMatch(/\.xlsx$/);
    const text = workbookText(book.bytes);
    const { data } = await sessions.executive.load({
      measures: ["pipeline.closing_amount"],
      filters: [{ member: "pipeline.status", operator: "equals", values: ["open"] }],
      timeDimensions: [{ dimension: "pipeline.moved_at", dateRange: "this year" }],
    });
    // Numbers as numbers, headings with their unit, the filter in words, the formula.
    expect(text).toContain(`<v>${data[0]?.["pipeline.closing_amount"]}</v>`);
    for (const part of ["期末金额（¥）", "当时状态: 未结束", "Σ 新建变动的金额"]) expect(text).toContain(part);
    const { data: entries } = await admin.json<{ data: unknown[] }>("/api/v1/audit?action=export&limit=20");
    const told = entries.map((entry) => JSON.stringify(entry));
    for (const format of ["png", "xlsx"])
      expect(told.some((entry) => entry.includes(`"format":"${format}"`) && entry.includes('"tile":"change"'))).toBe(true);
    expect(problems).toEqual([]);
    await context.close();
  });

  it("leads from a movement of the pipeline to the opportunities that moved, with the same sum", async () => {
    const { context, page } = await openAs("executive");
    await page.goto(`${stack.url}/dashboards/funnel`);
    const won = page.getByTestId("tile-change").locator("figure .chart a[href*='kind=won']");
    const said = (await won.getAttribute("aria-label")) ?? "";
    await page.goto(`${stack.url}${await won.getAttribute("href")}`);
    const total = Number(digits((await page.locator("tfoot td").last().textContent()) ?? ""));
    expect(total).toBeLessThan(0);
    expect(said).toContain("赢单");
    const { data } = await sessions.executive.load({
      measures: ["pipeline.less_won_amount"],
      filters: [{ member: "pipeline.status", operator: "equals", values: ["open"] }],
      timeDimensions: [{ dimension: "pipeline.moved_at", dateRange: "this year" }],
    });
    expect(total).toBe(Number(data[0]?.["pipeline.less_won_amount"]));
    await context.close();
  });

  it("leads from a department to its people and on to their orders, and from a province to its cities", async () => {
    const { context, page } = await openAs("executive");
    await page.goto(`${stack.url}/dashboards/performance`);
    const departments = page.getByTestId("tile-departments");
    await departments.locator("tbody a").first().click();
    await page.waitForURL(/department=/);
    await departments.getByRole("heading", { name: "部门成员" }).waitFor();
    await departments.locator("tbody a").first().click();
    await page.waitForURL(/\/records\/orders\?.*owner_id=/);
    expect(Number(digits((await page.getByTestId("record-count").textContent()) ?? ""))).toBeGreaterThan(0);
    // The person by name, not by id.
    expect(await page.locator("main ul").first().textContent()).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);

    await page.goto(`${stack.url}/dashboards/regions`);
    await page.getByTestId("tile-year-before").locator("figure .chart a").first().click();
    await page.waitForURL(/region=/);
    await page.getByTestId("narrowed").waitFor();
    await page.getByTestId("tile-year-before").locator("figure .chart a[href*='city=']").first().click();
    await page.waitForURL(/\/records\/orders\?.*city=/);
    expect(Number(digits((await page.getByTestId("record-count").textContent()) ?? ""))).toBeGreaterThan(0);
    await context.close();
  });

  it("keeps period and department in the address, and changes language by one click", async () => {
    const { context, page } = await openAs("executive");
    const all = await figure(page, "order-amount");
    const department = page.getByRole("banner").getByTestId("department");
    // Until the page's script has come the choice leads nowhere: choose anew.
    await expect
      .poll(
        async () => {
          await department.selectOption({ index: 0 });
          await department.selectOption({ index: 2 });
          return page.url();
        },
        { timeout: 15_000, interval: 500 },
      )
      .toMatch(/department=/);
    await expect.poll(() => figure(page, "order-amount"), { timeout: 15_000 }).not.toBe(all);
    const narrowed = await figure(page, "order-amount");
    await page.reload();
    expect(await figure(page, "order-amount")).toBe(narrowed);
    await page
      .getByRole("button", { name: /English|切换到英文/ })
      .first()
      .click();
    await expect.poll(() => page.locator("html").getAttribute("lang"), { timeout: 15_000 }).toBe("en");
    expect(await page.locator("main").textContent()).toMatch(/Order amount/i);
    await context.close();
  });
});

describe("everybody", () => {
  it("a rep sees own figures, and the own rank among all", async () => {
    const { context, page } = await openAs("sales_rep");
    const { data } = await sessions.sales_rep.load({
      measures: ["orders.amount"],
      timeDimensions: [{ dimension: "orders.ordered_at", dateRange: "this month" }],
    });
    expect(digits(await figure(page, "order-amount"))).toBe(data[0]?.["orders.amount"]);
    const company = await sessions.executive.load({
      measures: ["orders.amount"],
      timeDimensions: [{ dimension: "orders.ordered_at", dateRange: "this month" }],
    });
    expect(data[0]?.["orders.amount"]).not.toBe(company.data[0]?.["orders.amount"]);
    expect(await page.getByTestId("own-rank").textContent()).toMatch(/\d+.*\d+/);
    await context.close();
  });

  it.each(["executive", "sales_manager", "sales_rep", "analyst"] as const)(
    "%s on a phone: no horizontal scroll, every tap target 44 px",
    async (role) => {
      const { context, page } = await openAs(role, 390);
      expect(await sticksOutBy(page)).toBe(0);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll("a[href], button, select, input:not([type=hidden])")]
          .filter((element) => (element as HTMLElement).checkVisibility({ visibilityProperty: true }) && !element.closest("svg"))
          .map((element) => ({ element, box: element.getBoundingClientRect() }))
          // A skip link is off the screen until it has the focus.
          .filter(({ box }) => box.width > 1 && box.right > 0 && box.bottom > 0 && (box.height < 43.5 || box.width < 43.5))
          .map(({ element, box }) => `${element.outerHTML.slice(0, 120)} ${Math.round(box.width)}x${Math.round(box.height)}`),
      );
      expect(small).toEqual([]);
      await context.close();
    },
  );

  it("finds no serious accessibility fault on home, records and sign-in", async () => {
    const { context, page } = await openAs("executive");
    const faults: string[] = [];
    for (const path of ["/", "/records/orders", "/data"]) {
      await page.goto(`${stack.url}${path}`);
      const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
      faults.push(
        ...violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .map(({ id, nodes }) => `${path}: ${id} ${nodes[0]?.html.slice(0, 120)}`),
      );
    }
    expect(faults).toEqual([]);
    await context.close();
  });

  it("says what is wrong with a wrong password, and sends a stranger to sign in", async () => {
    const context = await browser.newContext({ locale: "zh-CN" });
    const page = await context.newPage();
    await page.goto(`${stack.url}/records/orders`);
    expect(page.url()).toContain("/sign-in");
    await page.fill("input[name=email] >> visible=true", "executive@kehu.example");
    await page.fill("input[name=password] >> visible=true", "not the password");
    await page.click("form.tile button[type=submit]");
    expect(await page.getByRole("alert").textContent()).not.toBe("");
    await context.close();
  });
});
