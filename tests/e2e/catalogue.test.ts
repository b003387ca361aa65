/// <reference lib="dom" />
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launchBrowser } from "../browser.ts";
import { accessibilityFaults, openPage, sticksOutBy } from "../page.ts";
import { eventually, signInDemo, type DemoAccount, type Session } from "../stack.ts";

const stack = inject("stack");

interface Catalogue {
  nodes: {
    id: string;
    name: string;
    type: string;
    columns: { name: string; title: string | null; kind: string; inputs: { node: string; column: string }[] }[];
    tests: { status: string }[];
  }[];
}

let browser: Browser;
let sessions: Record<DemoAccount["role"], Session>;

beforeAll(async () => {
  browser = await launchBrowser();
  sessions = await signInDemo(stack);
});
afterAll(() => browser?.close());

async function openAs(
  role: DemoAccount["role"],
  path: string,
  options: { width: number; dark?: boolean },
): Promise<{ page: Page; problems: string[] }> {
  const { page, problems } = await openPage(browser, { url: stack.url, session: sessions[role], console: true, ...options });
  await page.goto(`${stack.url}${path}`);
  return { page, problems };
}

describe("the catalogue", () => {
  it("has every mart with its tests' results, and every column's origin is known", async () => {
    const { nodes } = await sessions.executive.json<Catalogue>("/cubejs-api/v1/catalogue");
    const orders = nodes.find(({ name }) => name === "fct_orders");
    expect(orders?.tests.map(({ status }) => status)).toContain("pass");
    expect(orders?.tests.map(({ status }) => status)).not.toContain("unknown");
    expect(orders?.columns.find(({ name }) => name === "number")).toMatchObject({ kind: "identity", title: "单号" });
    expect(
      nodes.flatMap(({ name, columns }) => columns.filter(({ kind }) => kind === "unresolved").map((one) => `${name}.${one.name}`)),
    ).toEqual([]);
    expect(nodes.filter(({ type }) => type === "source").map(({ name }) => name)).toContain("crm.orders");
  });

  it("is found by a column's label, and leads to where a column comes from", async () => {
    const { page, problems } = await openAs("executive", "/catalogue?q=折扣", { width: 1440 });
    await page.getByRole("link", { name: "discount_original" }).first().click();
    await page.waitForURL(/column=discount_original/);
    expect(await page.getByTestId("column-origin").textContent()).toContain("crm.orders.discount");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it.each([
    ["wide", 1440, false],
    ["on a phone, in the dark", 390, true],
  ] as const)("is accessible and fits, %s", async (_name, width, dark) => {
    for (const path of ["/catalogue", "/catalogue/fct_orders?column=amount"]) {
      const { page, problems } = await openAs("executive", path, { width, dark });
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await sticksOutBy(page)).toBe(0);
      expect(problems).toEqual([]);
      await page.context().close();
    }
  });
});

describe("a figure's passport", () => {
  it("says what the figure is made of and leads to the catalogue", async () => {
    const { page, problems } = await openAs("sales_rep", "/", { width: 1440 });
    const passport = page.getByTestId("passport");
    // A page that is not hydrated yet shows the button and does nothing on a click.
    await eventually("the passport to open", async () => {
      if (!(await passport.isVisible()))
        await page
          .getByRole("button", { name: /^指标说明/ })
          .first()
          .click();
      await passport.waitFor({ timeout: 2000 });
      return true;
    });
    const madeOf = passport.getByTestId("made-of").first();
    await madeOf.waitFor();
    expect(await page.getByTestId("origins").first().textContent()).toMatch(/crm\.\w+/);
    await madeOf.getByRole("link").first().click();
    await page.waitForURL(/\/catalogue\/(fct|dim|rpt)_/);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it("of what one may not read says nothing", async () => {
    const { status } = await sessions.sales_rep.fetch("/cubejs-api/v1/lineage?member=orders.no_such_measure");
    expect(status).toBe(400);
    expect((await fetch(`${stack.url}/cubejs-api/v1/catalogue`)).status).toBe(401);
  });
});
