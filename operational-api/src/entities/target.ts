import { defineEntity } from "./definition.ts";

/** A target belongs to an employee, or to a department as a whole when `employee_id` is null. `amount` is money, or a count for count measures. */
export const target = defineEntity({
  name: "target",
  table: "targets",
  label: { zh: "目标", en: "Target" },
  description: "One row per measure, level, month and employee or department.",
  columns: {
    measure: {
      type: "enum",
      label: { zh: "指标", en: "Measure" },
      values: {
        order_amount: { zh: "订单金额", en: "Order amount" },
        receipt_amount: { zh: "回款金额", en: "Receipts" },
        won_amount: { zh: "赢单金额", en: "Won amount" },
        new_customers: { zh: "新增客户数", en: "New customers" },
      },
      required: true,
      filter: true,
    },
    level: {
      type: "enum",
      label: { zh: "档位", en: "Level" },
      values: { goal: { zh: "目标", en: "Goal" }, stretch: { zh: "冲刺", en: "Stretch" }, challenge: { zh: "挑战", en: "Challenge" } },
      default: "goal",
      filter: true,
    },
    department_id: { type: "uuid", label: { zh: "部门", en: "Department" }, references: "department", required: true, filter: true },
    employee_id: { type: "uuid", label: { zh: "员工", en: "Employee" }, references: "employee", filter: true },
    month: { type: "date", label: { zh: "月份", en: "Month" }, required: true, filter: true, sort: true },
    amount: { type: "money", label: { zh: "目标值", en: "Target" }, required: true, minimum: 0 },
  },
  scope: { employee: ["employee_id"], department: "department_id" },
  unique: [["measure", "level", "department_id", "employee_id", "month"]],
});
