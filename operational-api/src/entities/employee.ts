import { defineEntity } from "./definition.ts";

export const employee = defineEntity({
  name: "employee",
  table: "employees",
  label: { zh: "员工", en: "Employee" },
  description: "One row per employee, active or left.",
  columns: {
    name: { type: "text", label: { zh: "姓名", en: "Name" }, required: true, search: true, sort: true, filter: true },
    email: { type: "text", label: { zh: "邮箱", en: "E-mail" }, personal: true },
    mobile: { type: "text", label: { zh: "手机", en: "Mobile" }, personal: true, maxLength: 40 },
    position: { type: "text", label: { zh: "职位", en: "Position" } },
    department_id: { type: "uuid", label: { zh: "部门", en: "Department" }, references: "department", required: true, filter: true },
    manager_id: { type: "uuid", label: { zh: "直属上级", en: "Manager" }, references: "employee", filter: true },
    is_salesperson: { type: "boolean", label: { zh: "销售人员", en: "Salesperson" }, default: true, filter: true },
    status: {
      type: "enum",
      label: { zh: "状态", en: "Status" },
      values: { active: { zh: "在职", en: "Active" }, left: { zh: "离职", en: "Left" } },
      default: "active",
      filter: true,
    },
    hired_on: { type: "date", label: { zh: "入职日期", en: "Hired on" }, filter: true, sort: true },
    left_on: { type: "date", label: { zh: "离职日期", en: "Left on" }, filter: true, sort: true },
  },
  scope: "reference",
  events: { status: "status", department: "department_id" },
});
