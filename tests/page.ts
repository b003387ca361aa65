import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Session } from "./stack.ts";

export interface Opened {
  context: BrowserContext;
  page: Page;
  /** What the page's scripts threw; with `console` also what it logged as errors. */
  problems: string[];
}

export interface Look {
  url: string;
  width?: number;
  /** Chosen by the user; without it a browser in Chinese asks. */
  locale?: "zh-CN" | "en";
  dark?: boolean;
  javaScriptEnabled?: boolean;
  console?: boolean;
  /** Whose cookies it has; nobody's without. */
  session?: Pick<Session, "cookie">;
}

/** A browser of its own with one empty page, for a whole Kehu at `url`. */
export async function openPage(browser: Browser, look: Look): Promise<Opened> {
  const { url, width = 1280, locale, session } = look;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    locale: locale ?? "zh-CN",
    colorScheme: look.dark ? "dark" : "light",
    javaScriptEnabled: look.javaScriptEnabled ?? true,
    acceptDownloads: true,
  });
  const cookies = (session?.cookie.split("; ") ?? []).map((pair) => ({
    name: pair.slice(0, pair.indexOf("=")),
    value: pair.slice(pair.indexOf("=") + 1),
    url,
  }));
  await context.addCookies([...cookies, ...(locale ? [{ name: "kehu_locale", value: locale, url }] : [])]);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  if (look.console) page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  return { context, page, problems };
}

/** Fills in and sends the form of the sign-in page, as a user does; what follows is up to the account. */
export async function enterPassword(page: Page, url: string, email: string, password: string): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.fill("input[name=email] >> visible=true", email);
  await page.fill("input[name=password] >> visible=true", password);
  await page.click("form.tile button[type=submit]");
}

/** What axe finds wrong with the page as it is now, a text for each fault with the places. */
export const accessibilityFaults = async (page: Page): Promise<string[]> =>
  (await new AxeBuilder({ page }).analyze()).violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target, html }) => `${target.join(" ")} ${html.slice(0, 120)}`).join(", ")}`,
  );

/** By how many pixels the page is wider than what of it is shown. */
export const sticksOutBy = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
