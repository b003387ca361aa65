import { expect, it } from "vitest";
import { box, columnGraph, graphOrigins, layOut, modelGraph } from "#lib/catalogue/graph.ts";
import { layerOf, searchModels, worstStatus, type Model } from "#lib/catalogue/model.ts";

const model = (name: string, parents: string[], columns: Record<string, string[]>, more: Partial<Model> = {}): Model => ({
  id: name,
  type: "model",
  schema: "marts",
  name,
  title: null,
  description: "",
  parents,
  rows: parents,
  columns: Object.entries(columns).map(([column, inputs]) => ({
    name: column,
    title: null,
    type: "VARCHAR",
    description: "",
    kind: inputs.length === 0 ? "constant" : "derived",
    inputs: inputs.map((input) => ({ node: input.split("/")[0] ?? "", column: input.split("/")[1] ?? "", kind: "derived" })),
    hiddenInputs: 0,
  })),
  tests: [],
  ...more,
});

const source = model("crm.orders", [], { discount: [], freight: [] }, { type: "source", title: "订单" });
const staging = model(
  "stg_orders",
  ["crm.orders"],
  { discount: ["crm.orders/discount"], freight: ["crm.orders/freight"] },
  { schema: "staging" },
);
const mart = model("fct_orders", ["stg_orders"], { net: ["stg_orders/discount", "crm.orders/freight"], count: ["stg_orders/*"] });
const report = model("rpt_month", ["fct_orders"], { net: ["fct_orders/net"] }, { schema: "reports" });
const other = model("fct_leads", [], {});
const models = [source, staging, mart, report, other];

it("shows what a model is made of and who reads it", () => {
  const graph = modelGraph(models, staging);
  expect(graph.nodes.map(({ label, isHere }) => [label, isHere])).toEqual([
    ["crm.orders", false],
    ["stg_orders", true],
    ["fct_orders", false],
  ]);
  expect(graph.edges.map(({ from, to }) => `${from}>${to}`)).toEqual(["crm.orders>stg_orders", "stg_orders>fct_orders"]);
});

const net = { id: "here", label: "net", note: "rpt_month", href: "/", inputs: report.columns[0]?.inputs ?? [] };

it("follows a column to the sources", () => {
  const graph = columnGraph(models, net);
  expect(graph.edges.map(({ from, to }) => `${from}>${to}`)).toEqual([
    "fct_orders net>here",
    "stg_orders discount>fct_orders net",
    "crm.orders freight>fct_orders net",
    "crm.orders discount>stg_orders discount",
  ]);
  expect(graphOrigins(models, graph).map(({ model: { name }, column }) => `${name}.${column}`)).toEqual([
    "crm.orders.freight",
    "crm.orders.discount",
  ]);
});

it("follows rows to the rows they are made of", () => {
  const graph = columnGraph(models, { ...net, inputs: [{ node: "fct_orders", column: "*", kind: "aggregated" }] });
  expect(graphOrigins(models, graph).map(({ model: { name }, column }) => `${name}.${column}`)).toEqual(["crm.orders.*"]);
});

it("places boxes without overlap, each to the right of what it comes from", () => {
  const { nodes, edges, width, height } = layOut(columnGraph(models, net));
  const place = new Map(nodes.map((node) => [node.id, node]));
  for (const { from, to } of edges) expect((place.get(from)?.x ?? 0) + box.width).toBeLessThan(place.get(to)?.x ?? 0);
  expect(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size).toBe(nodes.length);
  for (const { x, y } of nodes) {
    expect(x + box.width).toBeLessThanOrEqual(width);
    expect(y + box.height).toBeLessThanOrEqual(height);
  }
});

it("finds models by their words and those of their columns", () => {
  const found = (text: string): string[] =>
    searchModels(models, text).map(({ model: { name }, columns }) => [name, ...columns.map((one) => one.name)].join(" "));
  expect(found("orders")).toEqual(["crm.orders", "stg_orders", "fct_orders"]);
  expect(found("订单 FREIGHT")).toEqual(["crm.orders freight"]);
  expect(found("nothing")).toEqual([]);
  expect(found("")).toHaveLength(models.length);
});

it("says the layer, and the worst of the tests", () => {
  expect(models.map(layerOf)).toEqual(["source", "staging", "marts", "reports", "marts"]);
  const test = (status: "pass" | "warn" | "fail") => ({ name: status, kind: "unique", column: null, status });
  expect([worstStatus([]), worstStatus([test("pass"), test("warn")]), worstStatus([test("fail"), test("pass")])]).toEqual([
    null,
    "warn",
    "fail",
  ]);
});
