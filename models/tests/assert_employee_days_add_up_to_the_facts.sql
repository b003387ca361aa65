-- By day and employee nothing is lost or doubled: orders, receipts, wins and new customers add up to the facts, targets to the targets, to the cent.
with settings as (
  select case value when 'received' then 'receipt_amount' when 'won' then 'won_amount' else 'order_amount' end as measure
  from {{ ref('stg_crm__company_settings') }}
  where key = 'result_basis'
),

reported as (
  select
    coalesce(sum(order_amount), 0) as orders,
    coalesce(sum(receipt_amount), 0) as receipts,
    coalesce(sum(won_amount), 0) as won,
    coalesce(sum(new_customers), 0) as customers,
    coalesce(sum(goal_amount), 0) as goals,
    coalesce(sum(stretch_amount), 0) as stretches,
    coalesce(sum(challenge_amount), 0) as challenges,
    coalesce(sum(order_amount_year_before), 0) as year_before
  from {{ ref('fct_employee_days') }}
),

given as (
  select
    (select coalesce(sum(amount), 0) from {{ ref('fct_order_lines') }} where is_counted and kind = 'sale') as orders,
    (select coalesce(sum(amount), 0) from {{ ref('fct_receipts') }} where is_counted) as receipts,
    (select coalesce(sum(amount), 0) from {{ ref('fct_opportunities') }} where status = 'won' and closed_on is not null) as won,
    (select count(*) from {{ ref('dim_customers') }}) as customers,
    (
      select coalesce(sum(target_amount), 0)
      from {{ ref('fct_targets') }}
      where employee_key is not null and level = 'goal' and measure = (select measure from settings)
    ) as goals,
    (
      select coalesce(sum(target_amount), 0)
      from {{ ref('fct_targets') }}
      where employee_key is not null and level = 'stretch' and measure = (select measure from settings)
    ) as stretches,
    (
      select coalesce(sum(target_amount), 0)
      from {{ ref('fct_targets') }}
      where employee_key is not null and level = 'challenge' and measure = (select measure from settings)
    ) as challenges,
    (
      select coalesce(sum(amount), 0)
      from {{ ref('fct_order_lines') }}
      where is_counted and kind = 'sale' and ordered_on + interval 1 year <= {{ company_date(as_of()) }}
    ) as year_before
)

select
  reported.*,
  given.*
from reported
cross join given
where reported.orders <> given.orders
  or reported.receipts <> given.receipts
  or reported.won <> given.won
  or reported.customers <> given.customers
  or reported.goals <> given.goals
  or reported.stretches <> given.stretches
  or reported.challenges <> given.challenges
  or reported.year_before <> given.year_before
