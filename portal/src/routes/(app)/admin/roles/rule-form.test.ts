import { expect, it } from "vitest";
import { permissionOf } from "./rule-form.ts";

const formOf = (fields: [string, string][]): FormData => {
  const form = new FormData();
  for (const [name, value] of [["role", "sales_rep"], ["entity", "order"], ["action", "read"], ["rows", "all"], ...fields] as const)
    form.append(name, value);
  return form;
};

it("O2: several columns and several values of each, ticked or written, and several product lines make one rule", () => {
  const form = formOf([
    ["customer.level", "A"],
    ["customer.level", "B"],
    ["customer_text.province", " 上海、江苏，浙江, 上海 "],
    ["customer_text.city", " , "],
    ["product_line", "one"],
    ["product_line", "two"],
  ]);
  expect(permissionOf(form, ["level", "province", "city"])).toEqual({
    role: "sales_rep",
    entity: "order",
    action: "read",
    rows: "all",
    customers: { level: ["A", "B"], province: ["上海", "江苏", "浙江"] },
    product_lines: ["one", "two"],
  });
});

it("nothing chosen narrows nothing", () => {
  expect(permissionOf(formOf([]), ["level"])).toMatchObject({ customers: null, product_lines: null });
});
