import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { queryFile } from "../runner/testing.ts";
import { buildOnGiven } from "./build-on-given.ts";

/** Real purchases through the customer models of every company, against the same figures in plain SQL over the files. */
const data = process.env["KEHU_SHARED_DATA"] ?? join(import.meta.dirname, "../../../shared/data");
const [cdnow, maven] = ["cdnow", "maven-crm"].map((name) => join(data, name)) as [string, string];
for (const folder of [cdnow, maven])
  if (!existsSync(folder))
    console.warn(`real-customers.test.ts skips ${folder}: it is not there; KEHU_SHARED_DATA names the folder that holds it`);

/** One line per purchase, with the columns of fct_order_lines that the models read. */
const asLines = (purchases: string): string => `
  select
    row_number() over () as order_key,
    customer_key,
    ordered_on,
    true as is_counted,
    'sale' as kind,
    amount,
    cast(null as decimal(18, 2)) as margin_amount
  from (${purchases})`;

describe.skipIf(!existsSync(cdnow))("CDNOW", () => {
  const purchases = `
    select
      cast(substr(line, 8, 4) as integer) as customer_key,
      strptime(substr(line, 13, 8), '%Y%m%d')::date as ordered_on,
      cast(trim(substr(line, 24)) as decimal(18, 2)) as amount
    from read_csv('${join(cdnow, "CDNOW_sample.txt")}', columns = {'line': 'varchar'}, header = false, delim = '\\t')`;

  it("A4 RFM, own interval and cohorts of 2,357 customers and 6,919 purchases", async () => {
    const database = await buildOnGiven(
      ["marts/fct_customer_order_days", "marts/fct_customer_rfm", "marts/fct_customer_trade_months"],
      { fct_order_lines: asLines(purchases) },
      "1998-06-30",
    );
    const plain = `
      with purchases as (${purchases}),
      gaps as (
        select customer_key, ordered_on - lag(ordered_on) over (partition by customer_key order by ordered_on) as gap
        from (select distinct customer_key, ordered_on from purchases)
      )
      select
        customer_key,
        count(*)::int as orders,
        sum(amount)::varchar as amount,
        (date '1998-06-30' - max(ordered_on))::int as recency,
        (select median(gap) from gaps where gaps.customer_key = purchases.customer_key) as own_interval
      from purchases group by customer_key`;
    const differing = `
      with plain as (${plain})
      select count(*)::int as differing from plain full join fct_customer_rfm as ours on plain.customer_key = ours.customer_key
      where plain.orders is distinct from ours.lifetime_order_count or plain.amount is distinct from ours.lifetime_amount::varchar
        or plain.recency is distinct from ours.recency_days or plain.own_interval is distinct from ours.median_gap_days`;
    expect(await queryFile(database, differing)).toEqual([{ differing: 0 }]);
    expect(
      await queryFile(database, "select count(*)::int as customers, sum(lifetime_order_count)::int as orders from fct_customer_rfm"),
    ).toEqual([{ customers: 2357, orders: 6919 }]);
    // The sample began to buy in the first quarter of 1997: three cohorts hold everybody, and who of them bought again a year later.
    const later = await queryFile(
      database,
      `select strftime(cohort_month, '%Y-%m') as cohort, count(*)::int as size, count(*) filter (where has_ordered)::int as retained
      from fct_customer_trade_months where months_since_first = 12 group by 1 order by 1`,
    );
    const byHand = await queryFile(
      database,
      `with purchases as (${purchases}), firsts as (select customer_key, date_trunc('month', min(ordered_on)) as first from purchases group by 1)
      select strftime(first, '%Y-%m') as cohort, count(*)::int as size,
        count(*) filter (where exists (select 1 from purchases where purchases.customer_key = firsts.customer_key
          and date_trunc('month', purchases.ordered_on) = first + interval 12 month))::int as retained
      from firsts group by 1 order by 1`,
    );
    expect(later).toEqual(byHand);
    expect(later.map(({ cohort }) => cohort)).toEqual(["1997-01", "1997-02", "1997-03"]);
  });
});

describe.skipIf(!existsSync(maven))("Maven", () => {
  const won = `
    select dense_rank() over (order by account) as customer_key, close_date as ordered_on, cast(close_value as decimal(18, 2)) as amount
    from read_csv('${join(maven, "sales_pipeline.csv")}') where deal_stage = 'Won'`;

  it("A6 concentration of the accounts that bought: ranks, cumulative share and total to the cent", async () => {
    const database = await buildOnGiven(
      ["marts/fct_customer_trade_months", "reports/rpt_concentration_months"],
      { fct_order_lines: asLines(won) },
      "2017-12-31",
    );
    const ours = await queryFile(
      database,
      `select customer_key::int as account, amount_rank::int as rank, cumulative_12m::varchar as cumulative, total_12m::varchar as total
      from rpt_concentration_months where month = '2017-12-01' order by amount_rank`,
    );
    const amounts = await queryFile(
      database,
      `with won as (${won}) select customer_key::int as account, (100 * sum(amount))::bigint::varchar as cents
      from won where ordered_on between '2017-01-01' and '2017-12-31' group by 1`,
    );
    const ranked = amounts
      .map(({ account, cents }) => ({ account: Number(account), cents: Number(cents) }))
      .sort((left, right) => right.cents - left.cents || left.account - right.account);
    const total = ranked.reduce((sum, { cents }) => sum + cents, 0);
    let cumulative = 0;
    const expected = ranked.map(({ account, cents }, index) => {
      cumulative += cents;
      return { account, rank: index + 1, cumulative: (cumulative / 100).toFixed(2), total: (total / 100).toFixed(2) };
    });
    expect(expected.length).toBe(85);
    expect(ours).toEqual(expected);
  });
});
