/// <reference lib="dom" />
import { setTimeout as pause } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../tests/browser.ts";
import { eventually, position, signIn, startStack, statedPosition, type DemoAccount, type Session, type Stack } from "../tests/stack.ts";
import { percentile, timed, type Benchmark } from "./benchmark.ts";

const publishedWithinMs = 3_000;
const shownWithinMs = 5_000;
const runs = 200;
/** A write every so often, so that writes fall on every moment of the publish interval. */
const everyMs = 370;

/** A stack with the default demo company, its administrator, and where its receipts may be credited to. */
async function withCompany<T>(work: (stack: Stack, admin: Session, customers: Customer[]) => Promise<T>): Promise<T> {
  const administrator = { email: "bench@kehu.example", password: "bench-administrator" };
  const stack = await startStack({ env: { KEHU_ADMIN_EMAIL: administrator.email, KEHU_ADMIN_PASSWORD: administrator.password } });
  try {
    const admin = await signIn(stack, administrator.email, administrator.password);
    const { data } = await admin.json<{ data: Customer[] }>("/api/v1/customers?limit=500");
    const owned = data.filter((customer) => customer.owner_id);
    if (owned.length === 0) throw new Error("the demo company has no owned customer");
    return await work(stack, admin, owned);
  } finally {
    await stack.stop();
  }
}

interface Customer {
  id: string;
  owner_id: string | null;
}

/** Writes receipts of 1.00, one every so often; tells of each when it was answered and where it stands in the log. */
async function writeReceipts(admin: Session, customers: Customer[], written: (at: number, lsn: string) => void): Promise<void> {
  for (let run = 0; run < runs; run++) {
    const customer = customers[run % customers.length];
    const body = JSON.stringify({ number: `BENCH-${run}`, customer_id: customer?.id, owner_id: customer?.owner_id, amount: "1.00" });
    const response = await admin.fetch("/api/v1/receipts", { method: "POST", body });
    const lsn = response.headers.get("kehu-commit");
    if (response.status !== 201 || !lsn) throw new Error(`POST receipts: ${response.status} ${await response.text()}`);
    written(Date.now(), lsn);
    await pause(everyMs);
  }
}

/** From the API's answer to a write until the published snapshot states its LSN, on the default demo company, the write and its publish among others'. */
const freshness: Benchmark = {
  names: ["publish.freshness"],
  run: ({ scale }) =>
    withCompany(async (stack, admin, customers) => {
      const waits: number[] = [];
      let open: { at: number; lsn: bigint }[] = [];
      const writing = writeReceipts(admin, customers, (at, lsn) => open.push({ at, lsn: position(lsn) }));
      // One asker for all writes: one for each would take from the processors that are measured.
      const asking = eventually(
        "the publish of every write",
        async () => {
          const stated = await statedPosition(stack);
          for (const { at, lsn } of open) if (lsn <= stated) waits.push(Date.now() - at);
          open = open.filter(({ lsn }) => lsn > stated);
          return waits.length === runs ? true : null;
        },
        runs * everyMs + publishedWithinMs * 20,
        20,
      );
      await Promise.all([writing, asking]);
      return [timed("publish.freshness", percentile(waits, 0.95), "limit", publishedWithinMs, scale, runs)];
    }),
};

/** The executive's page, signed in by the form; from then on it notes when it showed which figure of receipts. */
async function openExecutivePage(browser: Browser, stack: Stack): Promise<Page> {
  const accounts = (await (await fetch(`${stack.url}/api/auth/demo-accounts`)).json()) as DemoAccount[];
  const account = accounts.find(({ role }) => role === "executive");
  if (!account) throw new Error("there is no demo executive");
  const page = await browser.newPage({ locale: "zh-CN" });
  await page.goto(`${stack.url}/sign-in`);
  await page.fill("input[name=email] >> visible=true", account.email);
  await page.fill("input[name=password] >> visible=true", account.password);
  await page.click("form.tile button[type=submit]");
  await page.waitForURL(`${stack.url}/`);
  await page.getByTestId("tile-receipts").getByTestId("value").waitFor();
  await page.evaluate(() => {
    const shown: Shown[] = [];
    const look = (): void => {
      const title = document.querySelector("[data-testid=tile-receipts] [data-testid=value]")?.getAttribute("title");
      const digits = /-?[\d,]+\.\d\d/.exec(title ?? "")?.[0].replaceAll(",", "");
      if (digits !== undefined && digits !== shown.at(-1)?.digits) shown.push({ at: Date.now(), digits });
    };
    look();
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["title"] });
    Object.assign(window, { shownReceipts: shown });
  });
  return page;
}

/** A figure on the page, in company currency, and since when (milliseconds of the machine's clock). */
interface Shown {
  at: number;
  digits: string;
}

const cents = (digits: string): number => Number(digits.replace(".", ""));

/** From the API's answer to a write until an open page shows a figure with it, at the default interval of publishing, in a real browser. */
const onThePage: Benchmark = {
  names: ["publish.page"],
  run: ({ scale }) =>
    withCompany(async (stack, admin, customers) => {
      const browser = await launchBrowser();
      try {
        const page = await openExecutivePage(browser, stack);
        const seen = (): Promise<Shown[]> => page.evaluate(() => (window as unknown as { shownReceipts: Shown[] }).shownReceipts);
        const [before] = await seen();
        if (!before) throw new Error("the page shows no receipts");
        const writtenAt: number[] = [];
        await writeReceipts(admin, customers, (at) => writtenAt.push(at));
        const figureWith = (count: number): number => cents(before.digits) + 100 * count;
        const shown = await eventually("the page to show the last write", async () => {
          const all = await seen();
          return cents(all.at(-1)?.digits ?? "0") >= figureWith(runs) ? all : null;
        });
        const waits = writtenAt.map((at, index) => {
          const first = shown.find(({ digits }) => cents(digits) >= figureWith(index + 1));
          if (!first) throw new Error(`the page never showed write ${index + 1}`);
          return first.at - at;
        });
        return [timed("publish.page", percentile(waits, 0.95), "limit", shownWithinMs, scale, runs)];
      } finally {
        await browser.close();
      }
    }),
};

export default [freshness, onThePage];
