import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runModels } from "../runner/run-models.ts";
import { queryFile, writeProject } from "../runner/testing.ts";

/** Every six hours from before the first to after the last day that goes the short way, the ends of time, and nothing. */
const instants = `
  select instant from (
    select unnest(generate_series(timestamptz '1990-01-01 00:00:00+00', timestamptz '2102-01-01 00:00:00+00', interval 6 hour)) as instant
    union all select unnest([
      timestamptz '0001-01-01 00:00:00+00', timestamptz '9999-12-31 00:00:00+00', timestamptz '2026-11-21 15:59:59.999999+00',
      timestamptz '2026-11-21 16:00:00+00', null])
  ) as given`;
const days =
  "select distinct cast(instant as date) as day from (" +
  instants +
  ") as given where instant is null or instant between '1900-01-01' and '2200-01-01'";

async function differencesIn(zone: string): Promise<Record<string, unknown>> {
  const macros = await readFile(join(import.meta.dirname, "company_time.sql"), "utf8");
  const projectDir = await writeProject({
    "dbt_project.yml": `name: kehu\nversion: '1.0'\nvars: {timezone: ${zone}}\n`,
    "macros/company_time.sql": macros,
    "models/differences.sql": `
      {{ config(materialized='table') }}
      select
        (select count(*) from (${instants}) as given) as instants,
        (select count(*) from (${instants}) as given
          where {{ company_date('instant') }} is distinct from cast(timezone('${zone}', instant) as date)) as wrong_days,
        (select count(*) from (${days}) as given
          where {{ company_instant('day') }} is distinct from timezone('${zone}', cast(day as timestamp))) as wrong_instants`,
  });
  const database = join(projectDir, "time.duckdb");
  const { error, results } = await runModels({ command: "build", projectDir, database, vars: { timezone: zone } });
  expect([error, results.map(({ message }) => message)]).toEqual([null, ["OK"]]);
  const [row] = await queryFile(database, "select * from differences");
  return row ?? {};
}

describe("the company's days and their instants", () => {
  const steady = [
    "UTC",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Kuala_Lumpur",
    "Asia/Macau",
    "Asia/Singapore",
    "Asia/Taipei",
    "Asia/Seoul",
    "Asia/Tokyo",
  ];
  it.each([...steady, "Europe/Berlin", "America/New_York"])("are those of the zone's rules: %s", async (zone) => {
    expect(await differencesIn(zone)).toEqual({ instants: "163634", wrong_days: "0", wrong_instants: "0" });
  });

  it("names every steady zone above", async () => {
    const text = await readFile(join(import.meta.dirname, "company_time.sql"), "utf8");
    expect([...text.matchAll(/"([A-Z][\w/]+)": \d+/g)].map(([, zone]) => zone)).toEqual(steady);
  });
});
