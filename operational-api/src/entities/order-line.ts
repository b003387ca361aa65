import { defineEntity } from "./definition.ts";

/** Amounts are without tax, in the order's currency: amount = round(quantity × unit_price × (1 − discount_rate), 2); tax_amount = round(amount × tax_rate, 2). */
export const orderLine = defineEntity({
  name: "order_line",
  table: "order_lines",
  label: { zh: "订单明细", en: "Order line" },
  description: "One row per line of an order.",
  columns: {
    order_id: { type: "uuid", label: { zh: "订单", en: "Order" }, references: "order", required: true, filter: true },
    line_number: { type: "integer", label: { zh: "行号", en: "Line" }, readOnly: true },
    product_id: { type: "uuid", label: { zh: "产品", en: "Product" }, references: "product", required: true, filter: true },
    quantity: { type: "quantity", label: { zh: "数量", en: "Quantity" }, required: true, minimum: 0 },
    unit_price: { type: "money", label: { zh: "单价", en: "Unit price" }, required: true, minimum: 0 },
    discount_rate: { type: "rate", label: { zh: "折扣率", en: "Discount rate" }, default: "0", minimum: 0, maximum: 1 },
    tax_rate: { type: "rate", label: { zh: "税率", en: "Tax rate" }, default: "0.13", minimum: 0 },
    amount: { type: "money", label: { zh: "不含税金额", en: "Amount without tax" }, readOnly: true },
    tax_amount: { type: "money", label: { zh: "税额", en: "Tax" }, readOnly: true },
    unit_cost: { type: "money", label: { zh: "单位成本", en: "Unit cost" }, minimum: 0 },
  },
  scope: { parent: { entity: "order", column: "order_id" } },
});
