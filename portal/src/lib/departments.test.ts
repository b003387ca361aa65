import { expect, it } from "vitest";
import { offeredDepartments, overseenDepartments, treeOrder, withBelow } from "./departments.ts";
import type { Me, Role } from "./session.ts";

const departments = [
  { id: "shanghai", name: "上海", parent_id: "east" },
  { id: "company", name: "公司", parent_id: null },
  { id: "east", name: "华东", parent_id: "company" },
  { id: "south", name: "华南", parent_id: "company" },
];
const me = (role: Role): Me => ({ user: { id: "u", name: "n", email: "e" }, employee_id: "x", department_id: "east", roles: [role] });

it("finds everything below a department", () =>
  expect(withBelow(departments, "company")).toEqual(["company", "east", "south", "shanghai"]));

it("ends on a loop", () => {
  const loop = [
    { id: "a", name: "a", parent_id: "b" },
    { id: "b", name: "b", parent_id: "a" },
  ];
  expect(withBelow(loop, "a")).toEqual(["a", "b"]);
});

it("lists the tree in reading order", () => {
  expect(treeOrder(departments).map(({ id, depth }) => `${id} ${depth}`)).toEqual(["company 0", "east 1", "shanghai 2", "south 1"]);
});

it("puts a department whose parent is hidden at the top", () => {
  expect(treeOrder(departments.slice(0, 1))).toEqual([{ id: "shanghai", name: "上海", depth: 0 }]);
});

it("offers a manager the own department and what is below, a rep none", () => {
  expect(offeredDepartments(me("sales_manager"), departments).map(({ id }) => id)).toEqual(["shanghai", "east"]);
  expect(offeredDepartments(me("sales_rep"), departments)).toEqual([]);
  expect(offeredDepartments(me("executive"), departments)).toHaveLength(4);
});

it("knows of whom a caller sees the rows: everybody, the department's people, only oneself", () => {
  expect(overseenDepartments(me("analyst"), departments)).toBeNull();
  expect(overseenDepartments(me("sales_manager"), departments)).toEqual(["shanghai", "east"]);
  expect(overseenDepartments(me("sales_rep"), departments)).toEqual([]);
});
