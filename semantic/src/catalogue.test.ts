import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CatalogueNode } from "@kehu/models";
import type { SemanticApp } from "./app.ts";
import { seenNodes } from "./catalogue.ts";
import type { PublishedNode, SeenNode } from "./catalogue.ts";
import { companyMarts, companyModel, companySql, executive, rep } from "./policy.fixture.ts";
import { manualSource, newFolder, silent, startSemantic, writeModel, writeSnapshot } from "./testing.ts";

const node = (name: string, parents: string[], columns: Record<string, string[]>, more: Partial<CatalogueNode> = {}): CatalogueNode => ({
  id: name,
  type: "model",
  schema: "marts",
  name,
  description: `One row per ${name}.`,
  parents,
  rows: parents,
  columns: Object.entries(columns).map(([column, inputs]) => ({
    name: column,
    type: "VARCHAR",
    description: "",
    kind: inputs.length === 0 ? "constant" : "identity",
    inputs: inputs.map((input) => {
      const at = input.lastIndexOf(".");
      const from = input.slice(at + 1);
      return { node: input.slice(0, at), column: from, kind: from === column ? "identity" : "renamed" };
    }),
  })),
  tests: [],
  ...more,
});

/** fct_orders <- stg_orders <- crm.orders; rpt_leaderboard <- fct_orders; fct_undeclared <- stg_secrets <- crm.secrets. */
const nodes: CatalogueNode[] = [
  node("crm.orders", [], { number: [], discount: [], elsewhere: [] }, { type: "source" }),
  node("crm.secrets", [], { secret: [] }, { type: "source" }),
  node("stg_orders", ["crm.orders"], { number: ["crm.orders.number"], discount_original: ["crm.orders.discount"] }, { schema: "staging" }),
  node("stg_secrets", ["crm.secrets"], { secret: ["crm.secrets.secret"] }, { schema: "staging" }),
  node(
    "fct_orders",
    ["stg_orders"],
    { number: ["stg_orders.number"], amount: ["stg_orders.discount_original"] },
    {
      tests: [
        { name: "unique", kind: "unique", column: "number" },
        { name: "not_run", kind: "not_null", column: "number" },
      ],
    },
  ),
  node("fct_undeclared", ["stg_secrets"], { figure: ["stg_secrets.secret"] }),
  node("rpt_leaderboard", ["fct_orders", "fct_undeclared"], { amount: ["fct_orders.amount", "fct_undeclared.figure"] }),
];

const published: PublishedNode[] = nodes.map((each) => ({ ...each, tests: each.tests.map((one) => ({ ...one, status: "pass" })) }));
const marts = new Set(["fct_orders", "fct_undeclared", "rpt_leaderboard"]);
const seen = (...granted: string[]): SeenNode[] => seenNodes(published, marts, new Set(granted), "zh-CN");
const names = (list: SeenNode[]): string[] => list.map(({ name }) => name);

describe("what a caller may know of", () => {
  test("a granted mart and what it is made of, up to the sources", () => {
    expect(names(seen("fct_orders"))).toEqual(["crm.orders", "stg_orders", "fct_orders"]);
  });

  test("nothing without a grant", () => {
    expect(seen()).toEqual([]);
  });

  test("a mart that is not granted hides itself and what only it is made of, also from inputs and parents", () => {
    const list = seen("rpt_leaderboard");
    expect(names(list)).toEqual(["rpt_leaderboard"]);
    expect(list[0]).toMatchObject({ parents: [], columns: [{ name: "amount", inputs: [], hiddenInputs: 2 }] });
    const both = seen("rpt_leaderboard", "fct_orders");
    expect(both.find(({ name }) => name === "rpt_leaderboard")).toMatchObject({
      parents: ["fct_orders"],
      columns: [{ inputs: [{ node: "fct_orders", column: "amount" }], hiddenInputs: 1 }],
    });
    expect(JSON.stringify(both)).not.toContain("secret");
  });

  test("a column that is an entity's column all the way has its label, in the caller's language", () => {
    const titles = (locale: "zh-CN" | "en"): (string | null)[] =>
      seenNodes(published, marts, new Set(["fct_orders"]), locale).flatMap(({ columns }) => columns.map(({ title }) => title));
    expect(titles("en")).toEqual(["Number", "Header discount", null, "Number", "Header discount", "Number", "Header discount"]);
    expect(new Set(titles("zh-CN")).size).toBe(3);
    expect(seenNodes(published, marts, new Set(["fct_orders"]), "en")[0]?.title).toBe("Order");
  });
});

describe("over HTTP", () => {
  const folder = newFolder();
  const source = manualSource(null);
  const grants = { read: {}, create: {}, update: {}, delete: {}, export: {}, approve: {}, backdate: {} };
  const callers = {
    nobody: { scope: { ...rep, version: "nobody", grants }, locale: "en" as const },
    rep: { scope: rep, locale: "zh-CN" as const },
    executive: { scope: executive, locale: "en" as const },
  };
  let app: SemanticApp;

  beforeAll(async () => {
    const rows = nodes.map((each, index) => `(${index}, '${each.id}', '${JSON.stringify(each)}', 'f')`).join(",");
    const catalogue = `create schema if not exists meta; create table meta.catalogue (position integer, id varchar, node json, fingerprint varchar); insert into meta.catalogue values ${rows}`;
    const failing = companyMarts.map((mart) => (mart.name === "fct_orders" ? { ...mart, failing: true } : mart));
    source.publish(await writeSnapshot(folder, "b1", `${companySql};${catalogue}`, failing));
    app = await startSemantic({ modelDir: writeModel(folder, companyModel), snapshots: source, logger: silent }, callers);
  });
  afterAll(() => app.close());

  const get = async (path: string, caller: string): Promise<[number, unknown]> => {
    const response = await app.request(`/cubejs-api/v1/${path}`, { headers: { "x-caller": caller } });
    return [response.status, await response.json()];
  };

  test("the catalogue has the tests with their last result", async () => {
    const [status, body] = await get("catalogue", "executive");
    expect(status).toBe(200);
    const { nodes: list } = body as { nodes: SeenNode[] };
    expect(names(list)).toEqual(["crm.orders", "stg_orders", "fct_orders", "rpt_leaderboard"]);
    expect(list.find(({ name }) => name === "fct_orders")?.tests).toEqual([
      { name: "unique", kind: "unique", column: "number", status: "warn" },
      { name: "not_run", kind: "not_null", column: "number", status: "unknown" },
    ]);
  });

  test("a measure's columns are read from its SQL", async () => {
    expect(await get("lineage?member=orders.amount", "rep")).toEqual([
      200,
      { member: "orders.amount", inputs: [{ node: "fct_orders", column: "amount", kind: "aggregated" }], hiddenInputs: 0 },
    ]);
  });

  test("what a caller may not ask has no lineage, and a wrong name is told the right one", async () => {
    expect((await get("lineage?member=orders.amont", "rep"))[1]).toMatchObject({ error: expect.stringContaining("'orders.amount'") });
    expect((await get("lineage", "rep"))[0]).toBe(400);
    expect(await get("lineage?member=orders.amount", "nobody")).toEqual([403, { error: "You may not read 'orders'" }]);
    expect((await get("catalogue", "stranger"))[0]).toBe(401);
  });

  test("a snapshot of a build that said nothing of its models has an empty catalogue", async () => {
    source.publish(await writeSnapshot(folder, "b2", companySql, companyMarts));
    await expect.poll(async () => (await get("catalogue", "executive"))[1]).toMatchObject({ build: "b2", nodes: [] });
  });
});
