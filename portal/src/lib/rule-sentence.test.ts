import { afterAll, beforeAll, expect, it } from "vitest";
import { baseLocale, overwriteGetLocale } from "#lib/paraglide/runtime.js";
import { type NamedRule, ruleSentence } from "./rule-sentence.ts";

const rule = (more: Partial<NamedRule>): NamedRule => ({
  role: "Sales",
  entity: "Order",
  action: "read",
  rows: "own",
  customers: [],
  productLines: [],
  ...more,
});

beforeAll(() => overwriteGetLocale(() => "en"));
afterAll(() => overwriteGetLocale(() => baseLocale));

it("O2: a rule is said in one sentence, all that narrows it together and any value of a column", () => {
  expect(ruleSentence(rule({}), "en")).toBe('Sales may read "Order": own records.');
  expect(
    ruleSentence(
      rule({
        action: "export",
        rows: "department_and_below",
        customers: [
          { column: "province", values: ["上海", "江苏", "浙江"] },
          { column: "level", values: ["A"] },
          { column: "city", values: [] },
        ],
        productLines: ["软件", "服务"],
      }),
      "en",
    ),
  ).toBe(
    'Sales may export "Order": records of the own department and those below, of customers whose province is 上海, 江苏, or 浙江, of customers whose level is A, about the product lines 软件 or 服务 and those below.',
  );
});

it("a code that this portal does not know is said as it is", () => {
  expect(ruleSentence(rule({ action: "fold", rows: "neighbours" }), "en")).toBe('Sales may fold "Order": neighbours.');
});
