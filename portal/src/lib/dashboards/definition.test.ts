import { expect, it } from "vitest";
import { asNarrowed, keyOf, membersOf, type TableTile } from "./definition.ts";

const departments: TableTile = {
  kind: "table",
  id: "departments",
  span: 12,
  dimensions: ["performance.department_id", "performance.department"],
  measures: ["performance.result_amount"],
  time: "performance.day",
  order: { member: "performance.result_amount", descending: true },
  narrows: {
    parameter: "department",
    by: "performance.department_id",
    below: {
      dimensions: ["performance.owner_id", "performance.owner"],
      drill: { view: "orders", time: "ordered_at", by: "performance.owner_id" },
    },
  },
};

it("departments lead to their people, and people to their documents", () => {
  expect(asNarrowed(departments, new URLSearchParams("period=all"))).toBe(departments);
  expect(keyOf(departments)).toBe("performance.department_id");
  const people = asNarrowed(departments, new URLSearchParams("department=d1")) as TableTile;
  expect(people).not.toHaveProperty("narrows");
  expect(people.dimensions).toEqual(["performance.owner_id", "performance.owner"]);
  expect(keyOf(people)).toBe("performance.owner_id");
});

it("a tile needs what it shows narrowed as well", () => expect(membersOf(departments)).toContain("performance.owner"));
