import { defineEntity } from "./definition.ts";

/** The receivable plan of an order. `amount` is with tax, in the order's currency; all instalments of an order together are at most its total with tax and freight. */
export const instalment = defineEntity({
  name: "instalment",
  table: "instalments",
  label: { zh: "应收计划", en: "Instalment" },
  description: "One row per payment that a customer is to make for an order.",
  columns: {
    order_id: { type: "uuid", label: { zh: "订单", en: "Order" }, references: "order", required: true, filter: true },
    sequence: { type: "integer", label: { zh: "期次", en: "Sequence" }, required: true, sort: true, minimum: 1 },
    kind: {
      type: "enum",
      label: { zh: "款项", en: "Kind" },
      values: {
        deposit: { zh: "预付款", en: "Deposit" },
        delivery: { zh: "发货款", en: "On delivery" },
        acceptance: { zh: "验收款", en: "On acceptance" },
        retention: { zh: "质保金", en: "Retention" },
        other: { zh: "其他", en: "Other" },
      },
      default: "other",
      filter: true,
    },
    due_on: { type: "date", label: { zh: "应收日期", en: "Due on" }, required: true, filter: true, sort: true },
    amount: { type: "money", label: { zh: "应收金额", en: "Amount due" }, required: true, filter: true, sort: true, minimum: 0 },
    note: { type: "text", label: { zh: "备注", en: "Note" }, maxLength: 2000 },
  },
  scope: { parent: { entity: "order", column: "order_id" } },
  unique: [["order_id", "sequence"]],
});
