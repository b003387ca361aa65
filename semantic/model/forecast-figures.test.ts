import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSemanticApp } from "../src/index.ts";
import type { SemanticApp } from "../src/index.ts";
import { newFolder, writeSnapshot } from "../src/testing.ts";

/** The measures on forecasts, on rows that can be reckoned by hand. */
const modelDir = fileURLToPath(new URL(".", import.meta.url));
const asOf = "2026-03-15T04:00:00Z";

const score = (
  key: string,
  kind: string,
  series: string,
  horizon: number,
  forecast: number,
  actual: number,
  scaled: string,
  in80: boolean,
): string =>
  `('${key}', '${kind}', ${series}, 'order_amount', timestamptz '2026-01-31 16:00:00+00', ${horizon}, 'theta', cast(${forecast} as decimal(18,2)), cast(${actual} as decimal(18,2)),
    cast(${forecast - actual} as decimal(18,2)), cast(${Math.abs(forecast - actual)} as decimal(18,2)), cast(${scaled} as double), ${in80}, true, timestamptz '2026-01-31 17:00:00+00')`;

const month = (key: string, series: string, starts: string, actual: string, forecast: string, lower: string): string =>
  `('${key}', 'employee', ${series}, 'order_amount', timestamptz '${starts} 16:00:00+00', cast(${actual} as decimal(18,2)), cast(${forecast} as decimal(18,2)), cast(${lower} as decimal(18,2)))`;

const tables = `
  create table marts.dim_employees as select * from (values (1, 'e1', 'Wang'), (2, 'e2', 'Li')) as rows(employee_key, employee_id, name);
  create table marts.dim_departments as select 9 as department_key, 'd9' as department_id, 'East' as name;
  create table marts.fct_forecast_scores as
    select *, case when series_kind = 'employee' then series_key end as employee_key, case when series_kind = 'department' then series_key end as department_key
    from (values ${[
      score("a", "employee", "1", 1, 110, 100, "0.5", true),
      score("b", "employee", "1", 2, 130, 100, "1.5", false),
      score("c", "employee", "2", 1, 30, 50, "null", true),
      score("d", "company", "null", 1, 140, 150, "0.25", true),
    ].join(
      ", ",
    )}) as rows(forecast_key, series_kind, series_key, measure, month_starts_at, horizon, method, forecast_amount, actual_amount, error_amount, absolute_error_amount, scaled_error, is_within_80, is_within_95, as_of);
  create table marts.fct_forecasts as
    select *, lower80 as upper80, lower80 as lower95, lower80 as upper95, series_key as employee_key, null::integer as department_key, null::integer as horizon, 'theta' as method, 30 as sample, timestamptz '2026-02-28 17:00:00+00' as as_of,
      timestamptz '2026-02-28 17:05:00+00' as fitted_at, month_starts_at as month
    from (values ${[
      month("m1", "1", "2026-01-31", "100", "null", "null"),
      month("m2", "1", "2026-02-28", "null", "90", "70"),
      month("m3", "2", "2026-02-28", "null", "40", "25"),
    ].join(", ")}) as rows(series_month_key, series_kind, series_key, measure, month_starts_at, actual_amount, forecast_amount, lower80)`;

let folder: string;
let app: SemanticApp;

beforeAll(async () => {
  folder = newFolder();
  const marts = ["dim_employees", "dim_departments", "fct_forecast_scores", "fct_forecasts"].map((name) => ({ name, scope: "none" }));
  const pointer = await writeSnapshot(folder, "1", tables, marts);
  app = await createSemanticApp({
    modelDir,
    snapshots: { current: () => pointer, onChange: () => () => undefined },
    authenticate: () => Promise.resolve({ scope: "unrestricted", locale: "zh-CN" }),
    timezone: "Asia/Shanghai",
    weekStart: "monday",
    fiscalYearStart: "01-01",
    clock: () => new Date(asOf),
    logger: { error: (details, message) => console.error(message, details) },
  });
});

afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(view: string, measures: string, by: string[], kind: string): Promise<Record<string, unknown>[]> {
  const query = {
    measures: measures.split(" ").map((name) => `${view}.${name}`),
    dimensions: by.map((name) => `${view}.${name}`),
    filters: [{ member: `${view}.series_kind`, operator: "equals", values: [kind] }],
    order: by.map((name) => [`${view}.${name}`, "asc"]),
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

it("A2 scores forecasts by months ahead: bias, MASE, and how often the interval held", async () => {
  const rows = await ask("forecast_scores", "count bias weighted_error_rate mase within_80_share", ["horizon"], "employee");
  // Ahead by one month: 110 and 30 for 100 and 50; by two: 130 for 100.
  expect(rows.map((row) => Object.values(row).map(Number))).toEqual([
    expect.arrayContaining([1, 2, -10 / 150, 30 / 150, 0.5]) as number[],
    expect.arrayContaining([2, 1, 0.3, 0.3, 1.5, 0]) as number[],
  ]);
  expect(rows.map((row) => Number(row.within_80_share))).toEqual([1, 0]);
});

it("A2 scores forecasts by rep", async () => {
  const rows = await ask("forecast_scores", "error_amount mase", ["employee"], "employee");
  expect(rows).toMatchObject([
    { employee: "Li", error_amount: "-20.00", mase: null },
    { employee: "Wang", error_amount: "40.00" },
  ]);
  expect(Number(rows[1]?.mase)).toBe(1);
});

it("A2 shows history and forecast, and no interval for a sum of series", async () => {
  const measures = "actual_amount forecast_amount lower80";
  expect(await ask("forecast", measures, ["employee", "month"], "employee")).toMatchObject([
    { employee: "Li", actual_amount: null, forecast_amount: "40.00", lower80: "25.00" },
    { employee: "Wang", actual_amount: "100.00", forecast_amount: null, lower80: null },
    { employee: "Wang", actual_amount: null, forecast_amount: "90.00", lower80: "70.00" },
  ]);
  expect(await ask("forecast", measures, ["month"], "employee")).toMatchObject([
    { actual_amount: "100.00", forecast_amount: null, lower80: null },
    { actual_amount: null, forecast_amount: "130.00", lower80: null },
  ]);
});
