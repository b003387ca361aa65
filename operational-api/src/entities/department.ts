import { defineEntity } from "./definition.ts";

export const department = defineEntity({
  name: "department",
  table: "departments",
  label: { zh: "部门", en: "Department" },
  description: "One row per department of the company's tree.",
  columns: {
    name: { type: "text", label: { zh: "名称", en: "Name" }, required: true, search: true, sort: true, filter: true },
    code: { type: "text", label: { zh: "编码", en: "Code" }, maxLength: 40, filter: true },
    parent_id: { type: "uuid", label: { zh: "上级部门", en: "Parent department" }, references: "department", filter: true },
    position: { type: "integer", label: { zh: "排序", en: "Position" }, default: 0, sort: true },
  },
  scope: "reference",
});
