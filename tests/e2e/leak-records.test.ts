import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { workbookText } from "../workbook.ts";
import { idsOfGroup, limitedRoles, openLeakCheck, type LeakCheck, type Role } from "./leak-rows.ts";
import { views, type Ids } from "./leak-views.ts";

const stack = inject("stack");
let check: LeakCheck;

beforeAll(async () => {
  check = await openLeakCheck(stack);
}, 300_000);
afterAll(() => check?.close());

describe("pages and workbooks of records", async () => {
  const files = await readdir(join(import.meta.dirname, "../../portal/src/lib/records"));
  const pages = files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== "definition.ts" && file !== "index.ts")
    .map((file) => file.slice(0, -".ts".length));

  it("are there for the views that are about customers", () =>
    expect(pages).toEqual(expect.arrayContaining(["receivables", "value", "rfm", "churn_events", "churn_risk"])));

  const read = async (role: Role, path: string): Promise<Buffer> => {
    const response = await check.sessions[role].fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
    return Buffer.from(await response.arrayBuffer());
  };

  describe.each(limitedRoles)("of %s", (role) => {
    it.each(pages)("/records/%s names no stranger's customer", async (view) => {
      const expectation = views[view];
      if (expectation?.rows !== "own") throw new Error(`the table says nothing of whose rows ${view} has`);
      const { by, isOf } = expectation.rule;
      const name = check.dimensions.has(`${view}.customer`) ? "customer" : "name";
      const groups = [...(await check.groupsOf("executive", view, [...by, name], null)).keys()].map((group) =>
        idsOfGroup([...by, name], group),
      );
      const isOwn = (ids: Ids): boolean => isOf(ids, check.principals[role], check.customers);
      const own = new Set(groups.filter(isOwn).map((ids) => ids[name] ?? ""));
      const allOwn = [...own].join("\n");
      const strangers = groups.filter((ids) => !isOwn(ids) && ids[name] && !allOwn.includes(ids[name]));
      const stranger = strangers.find((ids) => by.every((key) => ids[key]));
      if (!stranger) throw new Error(`no stranger's record in ${view}`);

      const workbook = workbookText(await read(role, `/export/records/${view}?period=all`));
      const cells = new Set([...workbook.matchAll(/<t(?: [^>]*)?>([^<]*)</g)].map(([, text]) => text ?? ""));
      expect(cells.intersection(own).size, "own customers in the workbook").toBeGreaterThan(0);
      expect([...cells.intersection(new Set(strangers.map((ids) => ids[name] ?? "")))]).toEqual([]);
      expect(workbook).not.toContain(stranger[name]);

      const chosen = by.map((key) => `${key}=${stranger[key]}`).join("&");
      expect((await read("executive", `/records/${view}?period=all&${chosen}`)).toString()).toContain(stranger[name]);
      expect((await read(role, `/records/${view}?period=all&${chosen}`)).toString()).not.toContain(stranger[name]);
      expect((await read(role, `/records/${view}?period=all`)).toString()).not.toContain(stranger[name]);
      expect(workbookText(await read(role, `/export/records/${view}?period=all&${chosen}`))).not.toContain(stranger[name]);
    });
  });
});
