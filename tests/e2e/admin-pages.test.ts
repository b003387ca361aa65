/// <reference lib="dom" />
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { readProcesses } from "../../kehu/processes-file.ts";
import { launchBrowser } from "../browser.ts";
import { accessibilityFaults, enterPassword, openPage, sticksOutBy, type Opened } from "../page.ts";
import { signIn, type Session } from "../stack.ts";

const stack = inject("stack");
const administrator = inject("administrator");
/** Marks what this run makes. */
const mark = Date.now().toString(36);
const erasedWithinMs = 180_000;

let browser: Browser;
let admin: Session;

beforeAll(async () => {
  browser = await launchBrowser();
  admin = await signIn(stack, administrator.email, administrator.password);
});
afterAll(() => browser?.close());

/** A browser with the administrator's session. */
async function open(locale: "zh-CN" | "en" = "en", width = 1280, javaScriptEnabled = true): Promise<Opened> {
  const opened = await openPage(browser, { url: stack.url, locale, width, javaScriptEnabled });
  await enterPassword(opened.page, stack.url, administrator.email, administrator.password);
  await opened.page.waitForURL(`${stack.url}/`);
  return opened;
}

const create = async <Body>(path: string, body: unknown): Promise<Body> => {
  const answer = await admin.fetch(path, { method: "POST", body: JSON.stringify(body) });
  expect(answer.status, path).toBe(201);
  return (await answer.json()) as Body;
};

describe("O18 the audit trail's page", () => {
  it("is searched, exported and says how far it is sealed", async () => {
    const customer = await create<{ id: string }>("/api/v1/customers", { name: `Audited ${mark}`, city: "上海" });
    const { context, page, problems } = await open();
    await page.goto(`${stack.url}/admin/audit`);
    await page.selectOption("select[name=entity]", "customer");
    await page.fill("input[name=record_id]", customer.id);
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForURL(/record_id=/);
    const entry = page.getByTestId("audit").locator("details");
    expect(await entry.count()).toBe(1);
    await entry.locator("summary").click();
    await entry.getByRole("row", { name: /City.*上海/ }).waitFor();
    expect(await page.getByTestId("seal").textContent()).toMatch(/seal \d+|no seal/);
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Export CSV" }).click();
    const lines: string[] = [];
    for await (const piece of await (await download).createReadStream()) lines.push(String(piece));
    expect(lines.join("")).toContain(customer.id);
    await page.goto(`${stack.url}/admin/audit?action=export&entity=audit_trail`);
    await page.getByTestId("audit").locator("summary").first().getByText("Exported").waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });
});

describe("O2 the page of roles", () => {
  it("a rule narrowed by several columns is said in words before it is saved, and stands in the matrix after", async () => {
    const name = `pages_${mark}`;
    await create("/api/v1/roles", { name, title_zh: "页面", title_en: "Pages" });
    const { context, page, problems } = await open();
    await page.goto(`${stack.url}/admin/roles?role=${name}`);
    const form = page.getByTestId("permission-form");
    const words = form.getByTestId("rule-in-words");
    // Only the page's script says it in words; what is chosen before it is there is put back.
    const choose = async (): Promise<string | null> => {
      await form.getByLabel("Object").selectOption("opportunity");
      return words.textContent();
    };
    await expect.poll(choose, { timeout: 20_000 }).toContain('"Opportunity"');
    await form.getByLabel("Rows").selectOption("all");
    await form.getByText("Only some customers").click();
    await form
      .getByLabel("Level")
      .or(form.getByRole("checkbox", { name: "A", exact: true }))
      .first()
      .waitFor();
    await form.getByRole("checkbox", { name: "A", exact: true }).check();
    await form.getByRole("checkbox", { name: "B", exact: true }).check();
    await form.getByLabel(/^Province/).fill("上海、江苏");
    await words
      .filter({
        hasText:
          'Pages may read "Opportunity": all records, of customers whose Level is A or B, of customers whose Province is 上海 or 江苏.',
      })
      .waitFor();
    await form.getByRole("button", { name: "Add" }).click();
    await page.getByRole("status").filter({ hasText: "in effect" }).waitFor();
    await page.getByTestId("roles-matrix").getByText("all ∩ Level: A, B ∩ Province: 上海, 江苏").first().waitFor();
    const { permissions } = await admin.json<{ permissions: { customers: unknown }[] }>(`/api/v1/roles/${name}`);
    expect(permissions.map(({ customers }) => customers)).toEqual([{ level: ["A", "B"], province: ["上海", "江苏"] }]);
    expect(problems).toEqual([]);
    await context.close();
  });

  it("see-as shows on every page whose view it is, also on a refusal, and ends there", async () => {
    const { context, page } = await open();
    await page.goto(`${stack.url}/admin/roles`);
    const form = page.locator("form[action='?/see']");
    await form.getByLabel("Reason").fill("to see what a rep sees");
    await form.getByRole("button", { name: "Start looking" }).click();
    await page.waitForURL(`${stack.url}/`);
    for (const path of ["/", "/data", "/account", "/admin/users", "/no-such-page"]) {
      await page.goto(`${stack.url}${path}`);
      await page.getByTestId("see-as-banner").filter({ hasText: "You are looking as" }).waitFor();
    }
    await page.evaluate("scrollTo(0, document.body.scrollHeight)");
    await page.getByTestId("see-as-banner").getByRole("button", { name: "End" }).click();
    await page.waitForURL(/\/admin\/roles/);
    expect(await page.getByTestId("see-as-banner").count()).toBe(0);
    await context.close();
  });
});

describe("O18 the page of erasures", () => {
  it("erases a person whose name was typed, and ends with a search that finds nothing", async () => {
    const customer = await create<{ id: string }>("/api/v1/customers", { name: `Employer ${mark}` });
    const person = await create<{ id: string }>("/api/v1/contacts", {
      name: `Forgotten ${mark}`,
      mobile: `1388${Date.now()}`,
      customer_id: customer.id,
    });
    const { context, page, problems } = await open();
    await page.goto(`${stack.url}/admin/erasure`);
    await page.getByLabel("Name or record id").fill(`Forgotten ${mark}`);
    await page.getByRole("button", { name: "Find" }).click();
    await page.getByTestId("erasure-found").getByRole("link", { name: "Choose" }).click();
    const plan = page.getByTestId("erasure-plan");
    await plan.getByLabel(/^Type/).fill("somebody else");
    await plan.getByRole("button", { name: "Erase this person" }).click();
    await page.getByRole("alert").filter({ hasText: "Nothing was erased" }).waitFor();
    await plan.getByLabel(/^Type/).fill(`Forgotten ${mark}`);
    await plan.getByRole("button", { name: "Erase this person" }).click();
    await page.waitForURL(/job=/);
    await page.getByRole("status").filter({ hasText: "finds nothing" }).waitFor({ timeout: erasedWithinMs });
    await page
      .getByTestId("erasure-places")
      .getByRole("row", { name: /^Contact 1$/ })
      .waitFor();
    expect((await admin.json<{ name: string }>(`/api/v1/contacts/${person.id}`)).name).not.toContain(mark);
    await page.goto(`${stack.url}/admin/erasure?entity=contact&search=${encodeURIComponent(`Forgotten ${mark}`)}`);
    await page.getByText("Nobody found").waitFor();
    await page.goto(`${stack.url}/admin/erasure?entity=contact&record=00000000-0000-7000-8000-000000000000`);
    await plan.getByLabel(/^Type/).fill("00000000-0000-7000-8000-000000000000");
    await plan.getByRole("button", { name: "Erase this person" }).click();
    await page.getByRole("alert").filter({ hasText: "no record with this id" }).waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });
});

describe("the pages of administration and data health", () => {
  it("what needs script is disabled until the script is there", async () => {
    const { context, page } = await open("en", 1280, false);
    await page.goto(`${stack.url}/dashboards/funnel`);
    for (const control of [
      page.getByTestId("period").first(),
      page.getByTestId("department").first(),
      page.getByTitle("切换语言").or(page.locator("button[lang]")).first(),
    ])
      expect(await control.isDisabled()).toBe(true);
    await context.close();
    const alive = await open();
    await alive.page.goto(`${stack.url}/dashboards/funnel`);
    const department = alive.page.getByTestId("department").first();
    const option = await department.locator("option").nth(1).getAttribute("value");
    await department.selectOption(option);
    await alive.page.waitForURL(new RegExp(`department=${option}`));
    await alive.context.close();
  });

  it("the data page tells of mirror, builds and marts, by facts and not by dashes", async () => {
    // What happens by itself once a day.
    const { ports, internalSecret } = (await readProcesses(stack.dataDir))!;
    const url = `http://127.0.0.1:${ports.warehouse}/internal/verify`;
    expect((await fetch(url, { method: "POST", headers: { "x-kehu-internal": internalSecret } })).status).toBe(200);
    const { context, page, problems } = await open();
    const mirror = page.getByTestId("mirror-state");
    const fact = async (title: string): Promise<string> =>
      (await mirror.locator("dt", { hasText: title }).locator("+ dd").textContent()) ?? "";
    const look = async (): Promise<string> => {
      await page.goto(`${stack.url}/data`);
      return fact("Last comparison");
    };
    await expect.poll(look, { timeout: 20_000 }).toMatch(/\d+ tables and [\d,]+ rows are equal/);
    expect(await fact("Applied to")).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    expect(await fact("Replication slot")).toMatch(/\d (B|KiB|MiB|GiB) of log kept/);
    expect(await fact("Rows received")).toMatch(/^[\d,]+$/);
    expect(await fact("Last full copy")).toMatch(/\d{4}.*, \d+ tables, [\d.]+ s|None since the start/);
    const builds = page.getByTestId("builds").locator("tbody tr");
    expect(await builds.first().locator("td").allTextContents()).toEqual([
      expect.stringMatching(/\d{4}/),
      expect.stringMatching(/^\d+\.\d$/),
      expect.stringMatching(/^\d+$/),
      expect.stringMatching(/^\d+$/),
    ]);
    const marts = page.getByTestId("marts");
    const fresh = await marts.locator("tbody tr td:nth-child(2)").allTextContents();
    expect(fresh.length).toBeGreaterThan(30);
    for (const each of fresh) expect(each).toMatch(/\d{4}/);
    await marts.getByRole("link", { name: "fct_orders", exact: true }).first().click();
    await page.waitForURL(/\/catalogue\/fct_orders/);
    await page.getByRole("heading", { name: "fct_orders" }).first().waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });

  it("every reason for which a record is kept aside leads to such a record", async () => {
    const { context, page, problems } = await open();
    const reasons = page.getByTestId("quarantine").locator("details");
    await page.goto(`${stack.url}/data`);
    await reasons.first().waitFor();
    const pages: string[] = [];
    for (let place = 0; place < (await reasons.count()); place++) {
      await reasons.nth(place).locator("summary").click();
      const link = reasons.nth(place).getByRole("link").first();
      const id = (await link.textContent()) ?? "";
      await link.click();
      await page.waitForURL(new RegExp(id));
      const { pathname } = new URL(page.url());
      pages.push(pathname.split("/")[1]!);
      // A page of records lists it; what has no page is shown by the API.
      if (pathname.startsWith("/records/")) await page.locator("tbody tr").first().waitFor();
      else expect(JSON.parse(await page.locator("body").innerText())).toMatchObject({ id });
      await page.goto(`${stack.url}/data`);
      await reasons.first().waitFor();
    }
    expect(pages).toContain("records");
    expect(problems).toEqual([]);
    await context.close();
  });

  it.each([
    ["zh-CN", 1440],
    ["en", 390],
  ] as const)("are accessible, fit and can be touched, in %s at %i px", async (locale, width) => {
    const { context, page, problems } = await open(locale, width);
    for (const path of [
      "/admin/audit",
      "/admin/roles?role=sales_rep",
      "/admin/erasure?entity=contact&search=%E7%8E%8B",
      "/admin/users",
      "/account",
      "/data",
    ]) {
      await page.goto(`${stack.url}${path}`);
      expect(await accessibilityFaults(page), path).toEqual([]);
      expect(await sticksOutBy(page), path).toBe(0);
      if (width > 500) continue;
      const small = await page.evaluate(
        `[...document.querySelectorAll("main :is(a, button, select, summary, input.control)")].filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 43.5).map((each) => each.outerHTML.slice(0, 80))`,
      );
      expect(small, path).toEqual([]);
    }
    expect(problems).toEqual([]);
    await context.close();
  });
});
