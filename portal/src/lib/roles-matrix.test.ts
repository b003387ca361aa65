import { expect, it } from "vitest";
import { type Choices, matrixOf, type Permission } from "./roles-matrix.ts";

const subject = (name: string, actions: string[]): Choices["subjects"][number] => ({
  name,
  label: null,
  actions,
  rows: ["all"],
  narrowing: { customers: false, product_lines: false },
  columns: [],
});
const rule = (entity: string, action: string, rows: string): Permission => ({
  id: `${entity} ${action}`,
  version: 1,
  role: "r",
  entity,
  action,
  rows,
  customers: null,
  product_lines: null,
});

it("O2: a rule on everything stands in every line that it holds for, beside the line's own", () => {
  const choices = {
    subjects: [
      subject("*", ["read", "approve"]),
      subject("order", ["read", "approve"]),
      subject("lead", ["read"]),
      subject("audit_trail", ["read"]),
    ],
    customer_columns: [],
  };
  const rows = matrixOf(choices, [rule("*", "read", "all"), rule("*", "approve", "all"), rule("lead", "read", "own")], []);
  const shown = rows.map(({ entity, cells }) => [
    entity,
    ...cells.flatMap(({ action, rules }) => rules.map((each) => `${action} ${each.rows}${each.inherited ? " inherited" : ""}`)),
  ]);
  expect(shown).toEqual([
    ["*", "read all", "approve all"],
    ["order", "read all inherited", "approve all inherited"],
    ["lead", "read all inherited", "read own"],
    ["audit_trail"],
  ]);
});
