import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { queryFile } from "../runner/testing.ts";
import { buildOnGiven } from "./build-on-given.ts";

/** A real company's contracts through the churn models of every company: only what the models read from staging is made from the file. */
const folder = join(process.env["KEHU_SHARED_DATA"] ?? join(import.meta.dirname, "../../../shared/data"), "telco");
const isThere = existsSync(folder);
if (!isThere) console.warn(`telco-churn.test.ts is skipped: ${folder} is not there; KEHU_SHARED_DATA names the folder that holds telco`);

const asOf = "2026-11-15";
const file = `read_csv('${join(folder, "Telco-Customer-Churn.csv")}')`;

/** A customer of no full month has signed and counts as one of the first month. */
const customers = `
  select
    row_number() over () as customer_key,
    "customerID" as customer_id,
    case when "Contract" = 'Month-to-month' and "InternetService" <> 'No' then 'monthly_with_internet' else 'other' end as kind,
    greatest(tenure, 1) as months,
    "Churn" as is_gone
  from ${file}`;

const given: Record<string, string> = {
  telco: customers,
  stg_crm__customers: "select * from {{ ref('telco') }}",
  dim_customers: "select * from {{ ref('telco') }}",
  stg_crm__churn_definitions:
    "select cast(null as varchar) as segment, 'contract_end' as method, cast(null as decimal(18,8)) as multiple, 0 as days",
  // Who left did so at the end of the last full month, which ends today; who stays has just completed one.
  stg_crm__contracts: `
    select
      customer_id,
      'effective' as status,
      cast(date '${asOf}' + case when is_gone then 0 else 1 end - to_months(cast(months as integer)) as date) as starts_on,
      case when is_gone then date '${asOf}' - 1 else date '2099-12-31' end as ends_on,
      cast(null as date) as terminated_on
    from {{ ref('telco') }}`,
  fct_customer_order_days: `
    select cast(null as bigint) as customer_key, cast(null as date) as ordered_on, 1 as day_number, cast(null as double) as usual_gap_days where false`,
};

const built = ["intermediate/int_customers_churn_defined", "marts/fct_customer_activity_spells", "reports/rpt_retention_survival"];

describe.skipIf(!isThere)("Telco", () => {
  it("A5 churn by contract end: 5,174 stay, 1,869 leave, 26.54 %; half of the monthly ones with internet left after 34 months", async () => {
    const database = await buildOnGiven(built, given, asOf);
    expect(
      await queryFile(
        database,
        `select
          count(*) filter (where churned_on is null)::int as stay,
          count(churned_on)::int as leave,
          round(100 * count(churned_on) / count(*), 2) as percent
        from fct_customer_activity_spells`,
      ),
    ).toEqual([{ stay: 5174, leave: 1869, percent: 26.54 }]);
    expect(
      await queryFile(
        database,
        `select max(at_risk)::int as customers, cast(min(months) filter (where survival <= 0.5) as integer) as median_months
        from rpt_retention_survival where segment = 'monthly_with_internet'`,
      ),
    ).toEqual([{ customers: 3351, median_months: 34 }]);
  });
});
