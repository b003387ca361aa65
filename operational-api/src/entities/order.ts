import { defineEntity } from "./definition.ts";

/** `exchange_rate` converts one unit of `currency` to the company currency at the document's date; looked up when not given. */
export const order = defineEntity({
  name: "order",
  table: "orders",
  label: { zh: "订单", en: "Order" },
  description: "One row per sales order or return document.",
  columns: {
    number: { type: "text", label: { zh: "单号", en: "Number" }, required: true, search: true, sort: true, filter: true, maxLength: 60 },
    kind: {
      type: "enum",
      label: { zh: "单据类型", en: "Kind" },
      values: { sale: { zh: "销售", en: "Sale" }, return: { zh: "退货", en: "Return" } },
      default: "sale",
      filter: true,
    },
    customer_id: { type: "uuid", label: { zh: "客户", en: "Customer" }, references: "customer", required: true, filter: true },
    opportunity_id: { type: "uuid", label: { zh: "商机", en: "Opportunity" }, references: "opportunity", filter: true },
    owner_id: { type: "uuid", label: { zh: "业绩归属人", en: "Credited to" }, references: "employee", required: true, filter: true },
    department_id: { type: "uuid", label: { zh: "归属部门", en: "Credited department" }, references: "department", filter: true },
    status: {
      type: "enum",
      label: { zh: "状态", en: "Status" },
      values: {
        draft: { zh: "草稿", en: "Draft" },
        approved: { zh: "已审核", en: "Approved" },
        cancelled: { zh: "已取消", en: "Cancelled" },
      },
      default: "draft",
      filter: true,
    },
    ordered_at: { type: "instant", label: { zh: "下单时间", en: "Ordered at" }, default: "now", filter: true, sort: true, backdate: true },
    currency: { type: "currency", label: { zh: "币种", en: "Currency" }, default: "company_currency", filter: true },
    exchange_rate: { type: "rate", label: { zh: "汇率", en: "Exchange rate" }, positive: true },
    discount: { type: "money", label: { zh: "整单折扣", en: "Header discount" }, default: "0", minimum: 0 },
    freight: { type: "money", label: { zh: "运费", en: "Freight" }, default: "0", minimum: 0 },
    note: { type: "text", label: { zh: "备注", en: "Note" }, maxLength: 2000 },
  },
  scope: { employee: ["owner_id"], customer: "customer_id" },
  unique: [["number"]],
  events: { status: "status", owner: "owner_id" },
  children: { field: "lines", entity: "order_line", parentColumn: "order_id", required: true },
});
