import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runModels } from "../runner/run-models.ts";
import { queryFile, writeProject } from "../runner/testing.ts";

const folder = join(process.env["KEHU_SHARED_DATA"] ?? join(import.meta.dirname, "../../../shared/data"), "telco");
const isThere = existsSync(folder);
if (!isThere) console.warn(`Telco is skipped: ${folder} is not there; KEHU_SHARED_DATA names the folder that holds telco`);

/** Builds the macro's curve and medians over these observations (duration, is_event, cohort); answers a query on them. */
async function estimate(observations: string, sql: string): Promise<Record<string, unknown>[]> {
  const projectDir = await writeProject({
    "macros/kaplan_meier.sql": await readFile(join(import.meta.dirname, "../macros/kaplan_meier.sql"), "utf8"),
    "models/observations.sql": `{{ config(materialized='table') }} ${observations}`,
    "models/curve.sql": "{{ kaplan_meier(ref('observations'), 'months', 'is_gone', ['cohort']) }}",
    "models/medians.sql": "{{ median_survival(ref('curve'), ['cohort']) }}",
    "models/overall.sql": "{{ kaplan_meier(ref('observations'), 'months', 'is_gone') }}",
    "models/overall_median.sql": "with overall as (select * from {{ ref('overall') }}) {{ median_survival('overall') }}",
  });
  const database = join(projectDir, "survival.duckdb");
  try {
    expect(await runModels({ command: "build", projectDir, database, targetPath: null })).toMatchObject({ exitCode: 0, error: null });
    return await queryFile(database, sql);
  } finally {
    await rm(projectDir, { recursive: true, force: true });
  }
}

it("A4 survival, its standard error and median agree with the textbook", async () => {
  // Freireich's leukaemia trial, treated group (Cox 1966; Kalbfleisch and Prentice): weeks in remission, + is censored.
  const treated = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+".split(" ");
  const rows = treated.map((text) => `(${parseInt(text)}, ${!text.endsWith("+")}, 'treated')`).join(", ");
  const observations = `select * from (values ${rows}) as rows(months, is_gone, cohort)`;
  const curve = await estimate(
    observations,
    "select duration, at_risk, survival, standard_error from curve where event_count > 0 order by 1",
  );
  expect(
    curve.map((row) => [row.duration, Number(row.at_risk), Number(row.survival).toFixed(3), Number(row.standard_error).toFixed(4)]),
  ).toEqual([
    [6, 21, "0.857", "0.0764"],
    [7, 17, "0.807", "0.0869"],
    [10, 15, "0.753", "0.0963"],
    [13, 12, "0.690", "0.1068"],
    [16, 11, "0.627", "0.1141"],
    [22, 7, "0.538", "0.1282"],
    [23, 6, "0.448", "0.1346"],
  ]);
  expect(await estimate(observations, "from medians")).toEqual([
    { cohort: "treated", median_duration: 23, subject_count: "21", event_count: "9" },
  ]);
});

it.skipIf(!isThere)("A5 Telco: 26.54 % left; half of the month-to-month customers with internet had left after 34 months", async () => {
  const observations = `
    select
      tenure as months,
      "Churn" as is_gone,
      case when "Contract" = 'Month-to-month' and "InternetService" <> 'No' then 'monthly with internet' else 'other' end as cohort
    from read_csv('${join(folder, "Telco-Customer-Churn.csv")}')`;
  const rows = await estimate(
    observations,
    `select
      (select count(*) from observations) as customers,
      (select count(*) from observations where is_gone) as churned,
      (select round(100 * avg(is_gone::int), 2) from observations) as share,
      (select subject_count from medians where cohort = 'monthly with internet') as subjects,
      (select median_duration from medians where cohort = 'monthly with internet') as median,
      (select median_duration from overall_median) as overall_median,
      (select bool_and(lower95 < survival and survival < upper95) from overall where lower95 is not null) as is_inside`,
  );
  expect(rows).toEqual([
    { customers: "7043", churned: "1869", share: 26.54, subjects: "3351", median: "34", overall_median: null, is_inside: true },
  ]);
});
