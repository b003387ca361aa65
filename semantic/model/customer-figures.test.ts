import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runModels } from "@kehu/models";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSemanticApp } from "../src/index.ts";
import type { SemanticApp } from "../src/index.ts";

/** The customer models and measures on four customers that can be reckoned by hand; what the models read is given here instead of built. */
const modelDir = fileURLToPath(new URL(".", import.meta.url));
const models = fileURLToPath(new URL("../../models", import.meta.url));
const asOf = "2026-03-15T04:00:00Z";

const values = (rows: readonly string[], columns: string): string => `select * from (values ${rows.join(", ")}) as given(${columns})`;
const none = (columns: string): string =>
  `select ${columns
    .split(", ")
    .map((column) => {
      const [name = "", type = "varchar"] = column.split(" ");
      return `cast(null as ${type}) as ${name}`;
    })
    .join(", ")} where false`;

const line = (order: number, customer: number, product: number, day: string, amount: string, margin: string): string =>
  `(${order}, ${customer}, ${product}, date '${day}', true, 'sale', cast(${amount} as decimal(18,2)), cast(${margin} as decimal(18,2)))`;

/** Alpha and Beta stay away and come back, Gamma (of Alpha's group) and Delta do not come back. */
const given: Record<string, string> = {
  fct_order_lines: values(
    [
      line(1, 1, 1, "2025-01-10", "100.00", "40.00"),
      line(2, 1, 1, "2025-06-10", "200.00", "80.00"),
      line(3, 1, 1, "2026-02-10", "300.00", "120.00"),
      line(4, 2, 2, "2025-02-05", "50.00", "10.00"),
      line(5, 2, 2, "2025-02-25", "50.00", "10.00"),
      line(6, 2, 2, "2026-03-01", "70.00", "14.00"),
      line(7, 3, 2, "2024-12-01", "1000.00", "100.00"),
      line(8, 4, 2, "2025-05-05", "20.00", "5.00"),
    ],
    "order_key, customer_key, product_key, ordered_on, is_counted, kind, amount, margin_amount",
  ),
  dim_products: values(["(1, 'Pumps')", "(2, 'Valves')"], "product_key, category_level_1"),
  dim_customers: values(
    [
      "(1, 'Alpha', 'end_customer', null)",
      "(2, 'Beta', 'reseller', null)",
      "(3, 'Gamma', 'end_customer', 1)",
      "(4, 'Delta', 'end_customer', null)",
    ],
    "customer_key, name, kind, parent_key",
  ),
  stg_crm__customers: values(
    ["(1, 'a', 'end_customer')", "(2, 'b', 'reseller')", "(3, 'c', 'end_customer')", "(4, 'd', 'end_customer')"],
    "customer_key, customer_id, kind",
  ),
  stg_crm__churn_definitions: values(
    ["(cast(null as varchar), 'days', cast(null as decimal(18,8)), 180)"],
    "segment, method, multiple, days",
  ),
  stg_crm__value_criteria: values(
    ["(cast(null as varchar), 'revenue', cast(0.6 as decimal(18,8)))", "(null, 'frequency', 0.4)"],
    "segment, criterion, weight",
  ),
  stg_crm__value_tiers: values(
    ["(cast(null as varchar), 'top', 1, 'rank_share', cast(0.34 as decimal(18,8)))", "(null, 'rest', 2, 'rank_share', 1)"],
    "segment, tier, position, basis, threshold",
  ),
  stg_crm__activities: values(
    ["('a', 'visit', date '2026-01-05', cast(500 as decimal(18,2)))", "('d', 'visit', date '2026-02-01', null)"],
    "customer_id, kind, done_on, cost",
  ),
  stg_crm__customer_events: values(["('c', 'declared_lost', 'price', date '2025-06-01')"], "customer_id, kind, reason, occurred_on"),
  stg_crm__close_reasons: values(["('lost', 'price', '价格太高', 'Price too high')"], "outcome, code, label_zh, label_en"),
  stg_crm__company_settings: none("key, value, is_default boolean"),
  stg_crm__contracts: none("customer_id, status, starts_on date, ends_on date, terminated_on date, termination_reason"),
  fct_receipts: none("customer_key bigint, order_key bigint, is_counted boolean, received_on date, amount decimal(18,2)"),
  fct_orders: none("order_key bigint, ordered_on date"),
  fct_opportunities: none("customer_key bigint, amount decimal(18,2), created_on date, closed_on date"),
};

const built = [
  ...["int_customers_churn_defined", "int_customers_value_modelled"].map((name) => `intermediate/${name}`),
  ...["order_days", "trade_months", "rfm", "white_space", "activity_spells", "churn_events", "churn_losses", "churn_months"].map(
    (name) => `marts/fct_customer_${name}`,
  ),
  ...["service_months", "payment_months", "value_criteria", "value_months"].map((name) => `marts/fct_customer_${name}`),
  ...["concentration_months", "retention_survival", "customer_reconciliation"].map((name) => `reports/rpt_${name}`),
];

let folder: string;
let app: SemanticApp;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kehu-customer-figures-"));
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const project =
    "name: kehu\nversion: '1.0'\nvars: { timezone: Asia/Shanghai, currency: CNY, active_days: 365 }\nmodels: { +materialized: table }\n";
  await put("dbt_project.yml", project);
  for (const name of await readdir(join(models, "macros")))
    if (name.endsWith(".sql") && name !== "generate_schema_name.sql")
      await put(`macros/${name}`, await readFile(join(models, "macros", name), "utf8"));
  for (const path of built) await put(`models/${path}.sql`, await readFile(join(models, "models", `${path}.sql`), "utf8"));
  for (const [name, sql] of Object.entries(given)) await put(`models/given/${name}.sql`, sql);
  const file = join(folder, "customers.duckdb");
  const summary = await runModels({ command: "build", projectDir: folder, database: file, vars: { as_of: asOf }, targetPath: null });
  expect({
    error: summary.error,
    failed: summary.results.filter(({ status }) => status !== "success").map(({ message }) => message),
  }).toEqual({
    error: null,
    failed: [],
  });
  const pointer = { build: "1", file, lsn: "0/1", freshTo: asOf, finishedAt: asOf, failedTests: 0, changed: [] };
  app = await createSemanticApp({
    modelDir,
    snapshots: { current: () => pointer, onChange: () => () => undefined },
    authenticate: () => Promise.resolve({ scope: "unrestricted", locale: "zh-CN" }),
    timezone: "Asia/Shanghai",
    weekStart: "monday",
    fiscalYearStart: "01-01",
    clock: () => new Date(asOf),
    logger: { error: (details, message) => console.error(message, details) },
    ungoverned: true,
  });
});

afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ask {
  by?: string[];
  time?: [dimension: string, from: string, to: string];
  where?: [dimension: string, value: string][];
}

/** Rows without the view's name before each member, in the order of the dimensions. */
async function ask(view: string, measures: string, { by = [], time, where = [] }: Ask = {}): Promise<Record<string, unknown>[]> {
  const named = (name: string): string => `${view}.${name}`;
  const query = {
    measures: measures.split(" ").map(named),
    dimensions: by.map(named),
    timeDimensions: time ? [{ dimension: named(time[0]), dateRange: time.slice(1) }] : [],
    filters: where.map(([member, value]) => ({ member: named(member), operator: "equals", values: [value] })),
    order: by.map((name) => [named(name), "asc"]),
  };
  const response = await app.request("/cubejs-api/v1/load", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const body = (await response.json()) as { data?: Record<string, unknown>[]; error?: string };
  if (!body.data) throw new Error(`${JSON.stringify(query)}: ${body.error}`);
  return body.data.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name.replace(/^\w+\./, ""), value])));
}

const year2025: Ask["time"] = ["period", "2025-01-01", "2025-12-31"];
const spring: Ask["time"] = ["period", "2026-01-01", "2026-03-31"];

it("A3 scores by the weighted criteria, and tiers by the rank", async () => {
  // Alpha is ahead of Delta in both criteria; Beta is the only reseller.
  expect(await ask("value", "amount margin avg_score", { by: ["customer", "tier"], time: spring })).toEqual([
    { customer: "Alpha", tier: "top", amount: "500.00", margin: "200.00", avg_score: 1 },
    { customer: "Beta", tier: "rest", amount: "70.00", margin: "14.00", avg_score: 1 },
    { customer: "Delta", tier: "rest", amount: "20.00", margin: "5.00", avg_score: 0 },
  ]);
});

it("A3 tells gold, average and loss-making only where costs are known", async () => {
  expect(await ask("value", "customer_count profit_contribution", { by: ["profit_class"], time: spring })).toEqual([
    { profit_class: "average", customer_count: "1", profit_contribution: "14.00" },
    { profit_class: "loss_making", customer_count: "1", profit_contribution: "-300.00" },
    { profit_class: "unknown", customer_count: "1", profit_contribution: null },
  ]);
});

it("A3 counts customers and amount at other thresholds than the company's", async () => {
  const response = await app.request("/cubejs-api/v1/load", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: {
        measures: ["value.customer_count", "value.amount"],
        timeDimensions: [{ dimension: "value.period", dateRange: ["2026-03-01", "2026-03-31"] }],
        filters: [{ member: "value.rank_share", operator: "lte", values: ["0.7"] }],
      },
    }),
  });
  expect(((await response.json()) as { data: unknown }).data).toEqual([{ "value.customer_count": "2", "value.amount": "570.00" }]);
});

it("A3 shows who moved between two months, and by which criterion", async () => {
  // From May 2025, when Beta was first and Gamma still counted, to March 2026.
  const moves = await ask("value_moves", "amount_change", {
    by: ["customer", "from_tier", "to_tier", "direction", "moved_by"],
    time: ["period", "2025-06-01", "2026-03-31"],
  });
  expect(moves).toEqual([
    { customer: "Alpha", from_tier: "2_rest", to_tier: "1_top", direction: "up", moved_by: "frequency", amount_change: "400.00" },
    { customer: "Beta", from_tier: "1_top", to_tier: "2_rest", direction: "down", moved_by: "others", amount_change: "-30.00" },
    { customer: "Delta", from_tier: "2_rest", to_tier: "2_rest", direction: "stayed", moved_by: null, amount_change: "0.00" },
    { customer: "Gamma", from_tier: "2_rest", to_tier: "9_none", direction: "left", moved_by: null, amount_change: "-1000.00" },
  ]);
});

it("A4 RFM counts documents and knows each customer's own interval", async () => {
  // Gaps of 151 and 245 days, and of 20 and 369; Gamma and Delta ordered once.
  expect(await ask("rfm", "customer_count order_count amount lifetime_amount median_interval_days median_recency_days")).toEqual([
    {
      customer_count: "4",
      order_count: "4",
      amount: "590.00",
      lifetime_amount: "1790.00",
      median_interval_days: 196.25,
      median_recency_days: 173.5,
    },
  ]);
  expect(await ask("rfm", "amount", { by: ["customer", "rfm_segment", "recency_days"] })).toEqual([
    { customer: "Alpha", rfm_segment: "loyal", recency_days: "33", amount: "500.00" },
    { customer: "Beta", rfm_segment: "potential_loyalists", recency_days: "14", amount: "70.00" },
    { customer: "Delta", rfm_segment: "about_to_sleep", recency_days: "314", amount: "20.00" },
    { customer: "Gamma", rfm_segment: "hibernating", recency_days: "469", amount: "0.00" },
  ]);
});

it("A4 a cohort keeps those who stay away in its denominator", async () => {
  const june = await ask("retention", "cohort_count retained_count retention_rate amount", {
    by: ["months_since_first"],
    time: ["cohort", "2025-01-01", "2025-02-28"],
    where: [["months_since_first", "13"]],
  });
  expect(june).toEqual([{ months_since_first: "13", cohort_count: "2", retained_count: "2", retention_rate: 1, amount: "370.00" }]);
  expect(await ask("retention", "cohort_count retained_count retention_rate", { where: [["months_since_first", "5"]] })).toEqual([
    { cohort_count: "4", retained_count: "1", retention_rate: 0.25 },
  ]);
});

it("A4 the survival curve steps down with each churn among those at risk", async () => {
  // Spells: Alpha 11 months, then 2 (on); Beta 7, then 1 (on); Gamma 6; Delta 6.
  expect(await ask("survival", "survival at_risk_count churn_count", { by: ["months"], where: [["segment", "all"]] })).toEqual([
    { months: "1", survival: 1, at_risk_count: "6", churn_count: "0" },
    { months: "2", survival: 1, at_risk_count: "5", churn_count: "0" },
    { months: "6", survival: expect.closeTo(0.5), at_risk_count: "4", churn_count: "2" },
    { months: "7", survival: expect.closeTo(0.25), at_risk_count: "2", churn_count: "1" },
    { months: "11", survival: 0, at_risk_count: "1", churn_count: "1" },
  ]);
});

it("A5 counts churn by each definition, over any span", async () => {
  const names = "active_at_start_count active_at_end_count churned_count churn_rate event_count win_back_count";
  // 180 days: Gamma on 30 May, Beta on 24 August, Delta on 1 November, Alpha on 7 December; only Gamma was a customer at New Year.
  expect(await ask("churn", names, { time: year2025 })).toEqual([
    { active_at_start_count: "1", active_at_end_count: "0", churned_count: "1", churn_rate: 1, event_count: "4", win_back_count: "0" },
  ]);
  expect(await ask("churn", names, { time: spring })).toEqual([
    { active_at_start_count: "0", active_at_end_count: "2", churned_count: "0", churn_rate: null, event_count: "0", win_back_count: "2" },
  ]);
  expect(await ask("churn", names, { time: ["period", "2025-07-01", "2025-12-31"], by: ["kind"] })).toEqual([
    {
      kind: "end_customer",
      active_at_start_count: "2",
      active_at_end_count: "0",
      churned_count: "2",
      churn_rate: 1,
      event_count: "2",
      win_back_count: "0",
    },
    {
      kind: "reseller",
      active_at_start_count: "1",
      active_at_end_count: "0",
      churned_count: "1",
      churn_rate: 1,
      event_count: "1",
      win_back_count: "0",
    },
  ]);
  // By interval nobody has a habit before the third order, so a year counts: only Gamma and Beta are over it.
  expect(await ask("churn_events", "count lost_amount", { by: ["customer"], where: [["method", "interval"]] })).toEqual([
    { customer: "Beta", count: "1", lost_amount: "100.00" },
    { customer: "Gamma", count: "1", lost_amount: "1000.00" },
  ]);
});

it("A5 says what was lost, why, by product line, and who came back", async () => {
  expect(
    await ask("churn_events", "count lost_amount won_back_count win_back_rate", { time: ["churned_at", "2025-01-01", "2025-12-31"] }),
  ).toEqual([{ count: "4", lost_amount: "1420.00", won_back_count: "2", win_back_rate: 0.5 }]);
  expect(
    await ask("churn_events", "count", { by: ["reason", "reason_label_zh", "reason_label_en"], where: [["customer", "Gamma"]] }),
  ).toEqual([{ reason: "price", reason_label_zh: "价格太高", reason_label_en: "Price too high", count: "1" }]);
  expect(await ask("churn_losses", "lost_amount customer_count", { by: ["category"] })).toEqual([
    { category: "Pumps", lost_amount: "300.00", customer_count: "1" },
    { category: "Valves", lost_amount: "1120.00", customer_count: "3" },
  ]);
});

it("A6 shares trade between new and existing customers", async () => {
  expect(await ask("retention", "first_order_count amount new_amount existing_amount new_share")).toEqual([
    { first_order_count: "4", amount: "1790.00", new_amount: "1420.00", existing_amount: "370.00", new_share: expect.closeTo(1420 / 1790) },
  ]);
});

it("A6 concentration: shares of the largest, the Pareto curve, Gini", async () => {
  expect(await ask("concentration", "customer_count amount top_10_share top_1_percent_share gini", { time: spring })).toEqual([
    { customer_count: "3", amount: "590.00", top_10_share: 1, top_1_percent_share: 0, gini: expect.closeTo(960 / (3 * 590)) },
  ]);
  expect(await ask("concentration", "cumulative_share", { by: ["rank_share"], time: spring })).toEqual([
    { rank_share: expect.anything(), cumulative_share: expect.closeTo(500 / 590) },
    { rank_share: expect.anything(), cumulative_share: expect.closeTo(570 / 590) },
    { rank_share: expect.anything(), cumulative_share: 1 },
  ]);
});

it("A6 white space: who does not buy what others of the kind buy", async () => {
  expect(await ask("white_space", "customer_count buyer_count penetration gap_count group_gap_count", { by: ["category"] })).toEqual([
    { category: "Pumps", customer_count: "3", buyer_count: "1", penetration: expect.closeTo(1 / 3), gap_count: "2", group_gap_count: "0" },
    { category: "Valves", customer_count: "3", buyer_count: "2", penetration: expect.closeTo(2 / 3), gap_count: "1", group_gap_count: "0" },
  ]);
});
