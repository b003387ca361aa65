import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runModels } from "../../runner/run-models.ts";

/** One salesperson on 14 February 2026, a Saturday that is made up for, with the calendar as China published it. */
const projectDir = join(import.meta.dirname, "../..");
const given: Record<string, string> = {
  dim_employees:
    "select 1 as employee_key, 21 as department_key, true as is_salesperson, date '2020-01-01' as hired_on, null::date as left_on",
  dim_company_settings: "select 'result_basis' as setting, 'ordered' as value",
  fct_employee_months:
    "select 1 as owner_key, 21 as department_key, date '2026-02-01' as month, 1100.00::decimal(18,2) as order_amount, 0.00::decimal(18,2) as receipt_amount, 0.00::decimal(18,2) as won_amount, 0::bigint as new_customers",
  fct_targets:
    "select 1 as employee_key, date '2026-02-01' as month, 'order_amount' as measure, 'goal' as level, 2000.00::decimal(18,2) as target_amount",
};

let folder: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kehu-performance-"));
  instance = await DuckDBInstance.create(join(folder, "pace.duckdb"));
  connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  await connection.run("create schema marts");
  for (const [name, sql] of Object.entries(given)) await connection.run(`create table marts.${name} as ${sql}`);
  const run = (command: "seed" | "run", select: string[]) =>
    runModels({ command, projectDir, connection, catalog: "pace", vars: { as_of: "2026-02-14T04:00:00Z" }, select, targetPath: null });
  const summaries = [
    await run("seed", ["chinese_workdays", "spring_festivals"]),
    await run("run", ["dim_date"]),
    await run("run", ["rpt_employee_month"]),
  ];
  const failed = summaries.flatMap(({ error, results }) => [
    error,
    ...results.map(({ status, message }) => status !== "success" && message),
  ]);
  expect(failed.filter(Boolean)).toEqual([]);
});

afterAll(async () => {
  connection.closeSync();
  instance.closeSync();
  await rm(folder, { recursive: true, force: true });
});

const rows = async (sql: string): Promise<unknown[]> => (await connection.runAndReadAll(sql)).getRowObjectsJson();

it("A8 the pace of a month counts the days made up for a holiday", async () => {
  // Twenty weekdays, six of them in the festival's holiday (15 to 23 February), and two Saturdays made up for: the 14th and the 28th.
  expect(await rows("select workdays, workdays_over, result_goal from reports.rpt_employee_month where month = '2026-02-01'")).toEqual([
    { workdays: "16", workdays_over: "11", result_goal: "2000.00" },
  ]);
});

it("A8 a month without published holidays says so", async () => {
  expect(await rows("select bool_or(is_holiday_published) as published from marts.dim_date where year = 2035")).toEqual([
    { published: false },
  ]);
});

it("A8 every day within thirty of the Spring Festival is compared with the day as far from the one before", async () => {
  const day = 86_400_000;
  const festivals = ["2024-02-10", "2025-01-29", "2026-02-17"].map((festival) => Date.parse(festival));
  for (const [index, festival] of festivals.entries()) {
    const before = festivals[index - 1];
    if (before === undefined) continue;
    const iso = (time: number): string => new Date(time).toISOString().slice(0, 10);
    const expected = Array.from({ length: 61 }, (_, offset) => ({
      date_key: iso(festival + (offset - 30) * day),
      aligned_year_before_on: iso(before + (offset - 30) * day),
    }));
    const around = `date_key between date '${iso(festival)}' - 30 and date '${iso(festival)}' + 30`;
    expect(await rows(`select date_key, aligned_year_before_on from marts.dim_date where ${around} order by date_key`)).toEqual(expected);
  }
});

it("A8 every other day is compared with the same calendar day", async () => {
  const [counts] = await rows(
    `select
       count(*) filter (where aligned_year_before_on = date_key - interval 1 year) as same_day,
       count(*) filter (where aligned_year_before_on is distinct from cast(date_key - interval 1 year as date)) as others
     from marts.dim_date where year = 2026`,
  );
  expect(counts).toEqual({ same_day: String(365 - 61), others: "61" });
});
