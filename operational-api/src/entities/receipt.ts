import { defineEntity } from "./definition.ts";

export const receipt = defineEntity({
  name: "receipt",
  table: "receipts",
  label: { zh: "回款", en: "Receipt" },
  description: "One row per payment received from a customer.",
  columns: {
    number: { type: "text", label: { zh: "单号", en: "Number" }, required: true, search: true, sort: true, filter: true, maxLength: 60 },
    customer_id: { type: "uuid", label: { zh: "客户", en: "Customer" }, references: "customer", required: true, filter: true },
    order_id: { type: "uuid", label: { zh: "订单", en: "Order" }, references: "order", filter: true },
    owner_id: { type: "uuid", label: { zh: "业绩归属人", en: "Credited to" }, references: "employee", required: true, filter: true },
    department_id: { type: "uuid", label: { zh: "归属部门", en: "Credited department" }, references: "department", filter: true },
    received_at: {
      type: "instant",
      label: { zh: "到账时间", en: "Received at" },
      default: "now",
      filter: true,
      sort: true,
      backdate: true,
    },
    amount: { type: "money", label: { zh: "金额", en: "Amount" }, required: true, filter: true, sort: true, minimum: 0 },
    currency: { type: "currency", label: { zh: "币种", en: "Currency" }, default: "company_currency", filter: true },
    exchange_rate: { type: "rate", label: { zh: "汇率", en: "Exchange rate" }, positive: true },
    method: {
      type: "enum",
      label: { zh: "收款方式", en: "Method" },
      values: {
        transfer: { zh: "银行转账", en: "Bank transfer" },
        acceptance: { zh: "承兑汇票", en: "Bank acceptance" },
        cash: { zh: "现金", en: "Cash" },
        other: { zh: "其他", en: "Other" },
      },
      default: "transfer",
      filter: true,
    },
    status: {
      type: "enum",
      label: { zh: "状态", en: "Status" },
      values: { confirmed: { zh: "已确认", en: "Confirmed" }, cancelled: { zh: "已作废", en: "Cancelled" } },
      default: "confirmed",
      filter: true,
    },
  },
  scope: { employee: ["owner_id"], customer: "customer_id" },
  unique: [["number"]],
  events: { status: "status" },
});
