import { defineEntity } from "./definition.ts";

export const product = defineEntity({
  name: "product",
  table: "products",
  label: { zh: "产品", en: "Product" },
  description: "One row per product that is or was sold.",
  columns: {
    name: { type: "text", label: { zh: "名称", en: "Name" }, required: true, search: true, sort: true, filter: true },
    code: { type: "text", label: { zh: "编码", en: "Code" }, maxLength: 40, filter: true, search: true },
    category_id: { type: "uuid", label: { zh: "类别", en: "Category" }, references: "product_category", filter: true },
    unit: { type: "text", label: { zh: "单位", en: "Unit" }, maxLength: 20 },
    list_price: { type: "money", label: { zh: "标准价", en: "List price" }, filter: true, sort: true },
    cost_price: { type: "money", label: { zh: "成本价", en: "Cost price" } },
    currency: { type: "currency", label: { zh: "币种", en: "Currency" }, default: "company_currency" },
    status: {
      type: "enum",
      label: { zh: "状态", en: "Status" },
      values: { active: { zh: "在售", en: "Active" }, discontinued: { zh: "停产", en: "Discontinued" } },
      default: "active",
      filter: true,
    },
  },
  scope: "reference",
});
