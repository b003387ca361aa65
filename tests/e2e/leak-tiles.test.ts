import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { workbookText } from "../workbook.ts";
import { limitedRoles, openLeakCheck, type LeakCheck, type Role } from "./leak-rows.ts";

const stack = inject("stack");
/** Dimensions that name a customer, in views of one entity's records each. */
const namesOfCustomers = ["customers.name", "orders.customer", "opportunities.customer", "receipts.customer", "activities.customer"];
let check: LeakCheck;

beforeAll(async () => {
  check = await openLeakCheck(stack);
}, 300_000);
afterAll(() => check?.close());

/** Every customer's name that the role gets anywhere: what the other rows of the leak matrix prove to be its own. */
async function customersOf(role: Role): Promise<Set<string>> {
  const names = await Promise.all(
    namesOfCustomers.map(async (name) => (await check.load(role, { dimensions: [name] })).map((row) => row[name])),
  );
  return new Set(names.flat().filter((name) => typeof name === "string"));
}

describe("workbooks and pictures of single tiles", async () => {
  const files = await readdir(join(import.meta.dirname, "../../portal/src/lib/dashboards"));
  const dashboards = files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== "definition.ts" && file !== "index.ts")
    .map((file) => file.slice(0, -".ts".length));

  /** The texts of all tiles of a dashboard that leave for the role, by tile and form; none when the dashboard is not the role's. */
  async function exportsOf(role: Role, dashboard: string): Promise<Map<string, string>> {
    const session = check.sessions[role];
    const page = await session.fetch(`/dashboards/${dashboard}?period=this-year`);
    if (page.status === 403 || page.status === 404) return new Map();
    if (!page.ok) throw new Error(`/dashboards/${dashboard}: ${page.status}`);
    // As the page's own data name them: a slow tile is not in the markup yet.
    const shown = /\bshown:(\[[^\]]*\])/.exec(await page.text())?.[1];
    if (!shown) throw new Error(`/dashboards/${dashboard} does not say which tiles it shows`);
    const tiles = JSON.parse(shown) as string[];
    const found = new Map<string, string>();
    for (const tile of tiles)
      for (const form of ["xlsx", "picture"]) {
        const answer = await session.fetch(`/export/tiles/${dashboard}/${tile}?period=this-year&as=${form}`);
        if (answer.status >= 500)
          throw new Error(`${dashboard}/${tile} as ${form}: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
        if (!answer.ok) continue;
        const bytes = Buffer.from(await answer.arrayBuffer());
        found.set(`${dashboard}/${tile} as ${form}`, form === "xlsx" ? workbookText(bytes) : bytes.toString());
      }
    return found;
  }

  const allOf = async (role: Role): Promise<Map<string, string>> =>
    new Map((await Promise.all(dashboards.map((dashboard) => exportsOf(role, dashboard)))).flatMap((found) => [...found]));

  /** Texts in cells or JSON strings. */
  const textsOf = (text: string): Set<string> =>
    new Set([...text.matchAll(/<t(?: [^>]*)?>([^<]*)<|"((?:[^"\\]|\\.)*)"/g)].map(([, cell, string]) => cell ?? string ?? ""));

  it.each(limitedRoles)("name no stranger's customer to %s", async (role) => {
    const [everybody, own] = await Promise.all([customersOf("executive"), customersOf(role)]);
    const strangers = everybody.difference(own);
    expect(strangers.size).toBeGreaterThan(0);
    const [mine, theirs] = [await allOf(role), await allOf("executive")];
    expect(mine.size, "tiles that leave").toBeGreaterThan(10);
    const leaks = [...mine].flatMap(([tile, text]) => [...textsOf(text).intersection(strangers)].map((name) => `${tile}: ${name}`));
    expect(leaks).toEqual([]);
    const named = [...theirs.values()].filter((text) => textsOf(text).intersection(strangers).size > 0);
    expect(named.length, "the executive's tiles that name them").toBeGreaterThan(0);
  });
});
