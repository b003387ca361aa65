import { defineEntity } from "./definition.ts";

export const productCategory = defineEntity({
  name: "product_category",
  table: "product_categories",
  label: { zh: "产品类别", en: "Product category" },
  description: "One row per node of the product category tree.",
  columns: {
    name: { type: "text", label: { zh: "名称", en: "Name" }, required: true, search: true, sort: true, filter: true },
    parent_id: { type: "uuid", label: { zh: "上级类别", en: "Parent category" }, references: "product_category", filter: true },
    position: { type: "integer", label: { zh: "排序", en: "Position" }, default: 0, sort: true },
  },
  scope: "reference",
});
