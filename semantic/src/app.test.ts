import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SemanticApp } from "./app.ts";
import { companyMarts, companyModel, companySql, executive, otherRep, rep } from "./policy.fixture.ts";
import { load, manualSource, newFolder, silent, startSemantic, writeModel, writeSnapshot } from "./testing.ts";

const callers = {
  rep: { scope: rep, locale: "zh-CN" as const },
  otherRep: { scope: otherRep, locale: "zh-CN" as const },
  repTwin: { scope: { ...rep, version: "twin", userId: "another" }, locale: "zh-CN" as const },
  impostor: { scope: { ...executive, version: rep.version }, locale: "zh-CN" as const },
  executive: { scope: executive, locale: "en" as const },
};
const folder = newFolder();
const source = manualSource(null);
let app: SemanticApp;

beforeAll(async () => {
  source.publish(await writeSnapshot(folder, "b1", companySql, companyMarts, "0/10"));
  app = await startSemantic({ modelDir: writeModel(folder, companyModel), snapshots: source, logger: silent }, callers);
});
afterAll(async () => app.close());

const as = { caller: "executive" };
const errorOf = async (query: unknown): Promise<[number, string]> => {
  const { status, error } = await load(app, query, as);
  return [status, error ?? ""];
};

describe("rows as Cube sends them", () => {
  test("decimals are exact strings, times local text, NULL sums null", async () => {
    const { results } = await load(
      app,
      { measures: ["orders.amount"], filters: [{ member: "orders.id", operator: "lt", values: ["30"] }] },
      as,
    );
    // Past what a double holds: 1000000000000000.01 + 0.10 + 0.20.
    expect(results[0]!.data).toEqual([{ "orders.amount": "1000000000000000.31" }]);
    const none = await load(
      app,
      { measures: ["orders.amount", "orders.count"], filters: [{ member: "orders.id", operator: "lt", values: ["0"] }] },
      as,
    );
    expect(none.results[0]!.data).toEqual([{ "orders.amount": null, "orders.count": "0" }]);
    const raw = await load(
      app,
      { dimensions: ["orders.id", "orders.ordered_at", "orders.ordered_date"], order: { "orders.id": "asc" }, limit: 1 },
      as,
    );
    expect(raw.results[0]!.data).toEqual([
      { "orders.id": 11, "orders.ordered_at": "2026-05-01T00:30:00.000", "orders.ordered_date": "2026-05-01T00:00:00.000" },
    ]);
  });

  test("filters on decimals compare decimals", async () => {
    const equal = { member: "orders.amount", operator: "equals", values: ["0.30"] };
    const { results } = await load(app, { measures: ["orders.amount"], dimensions: ["orders.owner"], filters: [equal] }, as);
    expect(results[0]!.data).toEqual([{ "orders.owner": "张伟", "orders.amount": "0.30" }]);
  });

  test("and/or, escaped wildcards, offset and total", async () => {
    const query = {
      dimensions: ["orders.id"],
      order: { "orders.id": "desc" },
      filters: [
        {
          or: [{ member: "orders.owner", operator: "contains", values: ["伟"] }, { and: [{ member: "orders.owner", operator: "notSet" }] }],
        },
      ],
      limit: 2,
      offset: 1,
      total: true,
    };
    const { results } = await load(app, query, as);
    expect(results[0]!.data.map((row) => row["orders.id"])).toEqual([90, 12]);
    expect(results[0]!.total).toBe(4);
    const wildcard = await load(
      app,
      { dimensions: ["orders.id"], filters: [{ member: "orders.owner", operator: "contains", values: ["%"] }] },
      as,
    );
    expect(wildcard.results[0]!.data).toEqual([]);
  });

  test("compareDateRange answers one result per range, blending the common time", async () => {
    const dimension = { dimension: "orders.ordered_date", granularity: "month" };
    const compared = await load(
      app,
      { measures: ["orders.count"], timeDimensions: [{ ...dimension, compareDateRange: ["this month", ["2025-07-01", "2025-07-31"]] }] },
      as,
    );
    expect(compared.results.map(({ data }) => data)).toEqual([
      [
        {
          "orders.ordered_date": "2026-07-01T00:00:00.000",
          "orders.ordered_date.month": "2026-07-01T00:00:00.000",
          "orders.count": "3",
          compareDateRange: "2026-07-01T00:00:00.000 - 2026-07-31T23:59:59.999",
        },
      ],
      [
        {
          "orders.ordered_date": "2025-07-01T00:00:00.000",
          "orders.ordered_date.month": "2025-07-01T00:00:00.000",
          "orders.count": "1",
          compareDateRange: "2025-07-01T00:00:00.000 - 2025-07-31T23:59:59.999",
        },
      ],
    ]);
    const range = { dateRange: ["2026-05-01", "2026-05-31"] };
    const blended = await load(
      app,
      [
        { measures: ["orders.count"], timeDimensions: [{ ...dimension, ...range }] },
        { measures: ["orders.amount"], timeDimensions: [{ ...dimension, ...range }] },
      ],
      as,
    );
    expect(blended.results.map(({ data }) => data[0]!["time.month"])).toEqual(["2026-05-01T00:00:00.000", "2026-05-01T00:00:00.000"]);
  });

  test("a single GET query without queryType is answered flat", async () => {
    const query = encodeURIComponent(JSON.stringify({ measures: ["regions.count"] }));
    const response = await app.request(`/cubejs-api/v1/load?query=${query}`);
    expect(await response.json()).toMatchObject({ data: [{ "regions.count": "2" }], annotation: { measures: { "regions.count": {} } } });
  });

  test("Chinese names are ordered by pinyin", async () => {
    const query = { dimensions: ["employees.name"], order: { "employees.name": "asc" } };
    expect((await load(app, query, as)).results[0]!.data.map((row) => row["employees.name"])).toEqual(["李娜", "王芳", "张伟"]);
  });

  test("compact and columnar answers", async () => {
    const query = { measures: ["regions.count"] };
    const compact = await load(app, { ...query, responseFormat: "compact" }, as);
    expect(compact.results[0]!.data).toEqual({ members: ["regions.count"], dataset: [["2"]] });
    const columnar = await load(app, { ...query, responseFormat: "columnar" }, as);
    expect(columnar.results[0]!.data).toEqual({ members: ["regions.count"], columns: [["2"]] });
  });
});

describe("errors say what would be right", () => {
  test.each([
    [{ measures: ["orders.amout"] }, "Nearest: orders.amount"],
    [{ dimensions: ["orders.region"] }, "'orders.region' not found"],
    [{ measures: ["orders.owner"] }, "'orders.owner' is a dimension, not a measure"],
    [{ measures: ["orders_base.count"] }, "not found"],
    [{ measures: ["orders.count"], timeDimensions: [{ dimension: "orders.ordered_date", granularity: "mont" }] }, "Nearest: month"],
    [
      { measures: ["orders.count"], timeDimensions: [{ dimension: "orders.ordered_date", dateRange: "the other day" }] },
      "Can't parse date",
    ],
    [{ measures: ["orders.count"], filters: [{ member: "orders.id", operator: "likes", values: ["1"] }] }, "Invalid query format"],
    [{ measures: ["orders.count"], filters: [{ member: "orders.id", operator: "equals", values: ["abc"] }] }, "Could not convert string"],
    [{ measures: ["orders.count"], limit: 2_000_000 }, "exceeds"],
    [{ measures: ["orders.count"], timezone: "Mars/Base" }, "IANA"],
    [{}, "Query should contain"],
    ["{", "JSON"],
  ])("%j is 400: %s", async (query, text) => {
    const [status, error] = await errorOf(query);
    expect([status, error]).toEqual([400, expect.stringContaining(text)]);
  });

  test("an unknown path is 404 and a body that is not JSON 400", async () => {
    expect((await app.request("/cubejs-api/v1/loads")).status).toBe(404);
    expect((await app.request("/cubejs-api/v1/load", { method: "POST", body: "x" })).status).toBe(400);
  });

  test("before the first publish the answer is 503", async () => {
    const early = await startSemantic({ modelDir: writeModel(folder, companyModel), snapshots: manualSource(null) });
    expect((await load(early, { measures: ["regions.count"] })).status).toBe(503);
    await early.close();
  });
});

describe("/meta and annotation in the caller's language", () => {
  const metaIn = async (headers: Record<string, string>) => {
    const response = await app.request("/cubejs-api/v1/meta", { headers });
    const { cubes } = (await response.json()) as {
      cubes: { name: string; title: string; description: string; measures: Record<string, unknown>[] }[];
    };
    return cubes.find(({ name }) => name === "orders")!;
  };

  test("Accept-Language decides, then the caller's own", async () => {
    expect(await metaIn({ "x-caller": "rep" })).toMatchObject({ title: "订单", description: "已审批的订单" });
    expect(await metaIn({ "x-caller": "executive" })).toMatchObject({ title: "Orders", description: "Approved orders" });
    expect(await metaIn({ "x-caller": "executive", "accept-language": "zh-CN,zh;q=0.9" })).toMatchObject({ title: "订单" });
    const english = await metaIn({ "x-caller": "rep", "accept-language": "en-GB" });
    expect(english.measures.find(({ name }) => name === "orders.amount")).toMatchObject({
      title: "Orders Amount",
      shortTitle: "Amount",
      description: "About Amount",
    });
  });

  test("annotations follow", async () => {
    const query = { measures: ["orders.amount"] };
    expect((await load(app, query, { caller: "rep" })).results[0]!.annotation["measures"]!["orders.amount"]!.shortTitle).toBe("金额");
    expect((await load(app, query, as)).results[0]!.annotation["measures"]!["orders.amount"]!.shortTitle).toBe("Amount");
  });
});

test("/sql and /dry-run tell the plan, under the same rights", async () => {
  const query = encodeURIComponent(JSON.stringify({ measures: ["orders.count"], order: { "orders.count": "desc" } }));
  const sql = await app.request(`/cubejs-api/v1/sql?query=${query}`, { headers: { "x-caller": "rep" } });
  expect(await sql.json()).toMatchObject({ sql: { sql: [expect.stringContaining("fct_orders"), []] } });
  const dry = await app.request(`/cubejs-api/v1/dry-run?query=${query}`, { headers: { "x-caller": "rep" } });
  expect(await dry.json()).toMatchObject({ queryType: "regularQuery", queryOrder: [{ "orders.count": "desc" }] });
  const hidden = encodeURIComponent(JSON.stringify({ measures: ["leaderboard.amount"] }));
  expect((await app.request(`/cubejs-api/v1/sql?query=${hidden}`, { headers: { "x-caller": "rep" } })).status).toBe(403);
});

describe("result cache and snapshots", () => {
  const query = { measures: ["orders.amount"] };

  test("hits for the same scope, never across scopes or purposes", async () => {
    const first = await load(app, query, { caller: "otherRep" });
    const again = await load(app, query, { caller: "otherRep" });
    const other = await load(app, query, { caller: "rep" });
    const exported = await load(app, query, { ...as, headers: { "kehu-purpose": "export" } });
    expect([again, other, exported].map(({ headers }) => headers.get("kehu-cache"))).toEqual(["hit", expect.any(String), "miss"]);
    expect(again.results[0]!.data).toEqual(first.results[0]!.data);
    expect(first.results[0]!.data).toEqual([{ "orders.amount": "1000000000000000.21" }]);
    expect(other.results[0]!.data).toEqual([{ "orders.amount": "0.30" }]);
  });

  test("two people with the same rights share an entry, the same version with other rights does not", async () => {
    const shared = { measures: ["orders.count"], limit: 7 };
    await load(app, shared, { caller: "rep" });
    const twin = await load(app, shared, { caller: "repTwin" });
    const impostor = await load(app, shared, { caller: "impostor" });
    expect([twin, impostor].map(({ headers, results }) => [headers.get("kehu-cache"), results[0]!.data[0]!["orders.count"]])).toEqual([
      ["hit", "2"],
      ["miss", "6"],
    ]);
  });

  test("a publish that left the marts alone keeps the entry, one that rebuilt them drops it", async () => {
    const cached = async (lsn: string) => {
      const { headers, results } = await load(app, query, { ...as, headers: { "kehu-wait-for": lsn } });
      return [headers.get("kehu-cache"), headers.get("kehu-fresh"), results[0]!.data[0]!["orders.amount"]];
    };
    await load(app, query, as);
    const unchanged = companyMarts.map((mart) => ({ ...mart, version: "b1" }));
    source.publish(await writeSnapshot(folder, "b2", companySql, unchanged, "0/20"));
    expect(await cached("0/20")).toEqual(["hit", "0/20 2026-07-15T04:00:00Z", "1000000000000021.31"]);

    const rebuilt = unchanged.map((mart) => (mart.name === "fct_orders" ? { ...mart, version: "b3" } : mart));
    const grown = `${companySql} insert into marts.fct_orders values (92, null, null, 2, 1, '2026-07-15', '2026-07-15 00:00:00+00');`;
    source.publish(await writeSnapshot(folder, "b3", grown, rebuilt, "0/30"));
    expect(await cached("0/30")).toEqual(["miss", "0/30 2026-07-15T04:00:00Z", "1000000000000022.31"]);
  });

  test("publishing while a dashboard asks loses no answer", async () => {
    const asking = Array.from({ length: 40 }, (_, index) =>
      load(app, { measures: ["orders.count"], dimensions: ["orders.owner"], limit: index + 1 }, as),
    );
    source.publish(await writeSnapshot(folder, "b3a", companySql, companyMarts, "0/31"));
    const later = Array.from({ length: 40 }, (_, index) => load(app, { measures: ["orders.count"], limit: index + 1 }, as));
    expect(new Set((await Promise.all([...asking, ...later])).map(({ status }) => status))).toEqual(new Set([200]));
  });

  test("waitFor is answered when the snapshot arrives, and names marts and failing tests", async () => {
    const waiting = load(app, { measures: ["regions.count"] }, { ...as, headers: { "kehu-wait-for": "0/40" } });
    const marts = companyMarts.map((mart) => ({ ...mart, failing: mart.name === "dim_regions" }));
    const pointer = await writeSnapshot(folder, "b4", companySql, marts, "0/40");
    source.publish(pointer);
    const { results, headers } = await waiting;
    expect(headers.get("kehu-fresh")).toBe("0/40 2026-07-15T04:00:00Z");
    expect(results[0]!.kehu).toMatchObject({ build: "b4", lsn: "0/40", marts: ["dim_regions"], failedTests: ["dim_regions"] });
    expect((await load(app, { measures: ["regions.count"] }, { ...as, headers: { "kehu-wait-for": "soon" } })).status).toBe(400);
  });
});

test("without a limit 10,000 rows are sent and the rest is counted", async () => {
  const many = newFolder();
  const pointer = await writeSnapshot(
    many,
    "b1",
    "create table marts.fct_lines as select range::integer as line_key, range::decimal(18,2) as amount from range(12345)",
    [{ name: "fct_lines", scope: "none" }],
  );
  const model = `
cubes:
  - name: lines
    sql_table: fct_lines
    dimensions:
      - { name: id, sql: line_key, type: number, primary_key: true, public: true }
`;
  const large = await startSemantic({ modelDir: writeModel(many, { "lines.yml": model }), snapshots: manualSource(pointer) });
  const open = await load(large, { dimensions: ["lines.id"] });
  expect([open.results[0]!.data.length, open.results[0]!.truncated, open.results[0]!.total]).toEqual([10_000, true, 12_345]);
  const asked = await load(large, { dimensions: ["lines.id"], limit: 12_000 });
  expect([asked.results[0]!.data.length, asked.results[0]!.truncated, asked.results[0]!.total]).toEqual([12_000, undefined, null]);
  await large.close();
});
