import { defineEntity } from "./definition.ts";

/** `stage` is a code of `pipeline_stages` in the row's pipeline; `status` and `closed_at` follow the stage's outcome. */
export const opportunity = defineEntity({
  name: "opportunity",
  table: "opportunities",
  label: { zh: "商机", en: "Opportunity" },
  description: "One row per sales opportunity.",
  columns: {
    name: { type: "text", label: { zh: "名称", en: "Name" }, required: true, search: true, sort: true },
    customer_id: { type: "uuid", label: { zh: "客户", en: "Customer" }, references: "customer", filter: true },
    product_id: { type: "uuid", label: { zh: "主要产品", en: "Main product" }, references: "product", filter: true },
    owner_id: { type: "uuid", label: { zh: "负责人", en: "Owner" }, references: "employee", required: true, filter: true },
    department_id: { type: "uuid", label: { zh: "归属部门", en: "Credited department" }, references: "department", filter: true },
    source: { type: "text", label: { zh: "来源", en: "Source" }, filter: true, maxLength: 80 },
    pipeline: { type: "text", label: { zh: "销售管道", en: "Pipeline" }, default: "default", filter: true, maxLength: 40 },
    stage: { type: "text", label: { zh: "阶段", en: "Stage" }, filter: true, maxLength: 40 },
    status: {
      type: "enum",
      label: { zh: "状态", en: "Status" },
      values: { open: { zh: "进行中", en: "Open" }, won: { zh: "赢单", en: "Won" }, lost: { zh: "输单", en: "Lost" } },
      filter: true,
      readOnly: true,
    },
    amount: { type: "money", label: { zh: "金额", en: "Amount" }, default: "0", filter: true, sort: true, minimum: 0 },
    currency: { type: "currency", label: { zh: "币种", en: "Currency" }, default: "company_currency", filter: true },
    exchange_rate: { type: "rate", label: { zh: "汇率", en: "Exchange rate" }, positive: true },
    expected_close_on: { type: "date", label: { zh: "预计成交日期", en: "Expected close" }, filter: true, sort: true },
    closed_at: { type: "instant", label: { zh: "关闭时间", en: "Closed at" }, filter: true, sort: true, backdate: true },
    close_reason: { type: "text", label: { zh: "赢输原因", en: "Win/loss reason" }, filter: true, maxLength: 80 },
  },
  scope: { employee: ["owner_id"], customer: "customer_id" },
  events: { stage: "stage", status: "status", owner: "owner_id", amount: "amount", expected_close: "expected_close_on" },
});
