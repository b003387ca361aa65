with basis as (
  select value from {{ ref('stg_crm__company_settings') }} where key = 'result_basis'
),

calendar as (
  select
    *,
    cast(date_trunc('month', date_key) as date) as month_on
  from {{ ref('dim_date') }}
),

orders as (
  select
    owner_key,
    department_key,
    ordered_on as day,
    count(*) as order_count,
    sum(amount) as order_amount
  from {{ ref('fct_orders') }}
  where is_counted and kind = 'sale' and line_count > 0
  group by all
),

receipts as (
  select
    owner_key,
    department_key,
    received_on as day,
    sum(amount) as receipt_amount
  from {{ ref('fct_receipts') }}
  where is_counted
  group by all
),

won as (
  select
    owner_key,
    department_key,
    closed_on as day,
    sum(amount) as won_amount
  from {{ ref('fct_opportunities') }}
  where status = 'won' and closed_on is not null
  group by all
),

-- Credited to whoever had the customer when it came, whoever has it now.
new_customers as (
  select
    history.owner_then_key as owner_key,
    history.department_then_key as department_key,
    {{ company_date('history.from_at') }} as day,
    count(*) as new_customers
  from {{ ref('dim_customer_history') }} as history
  where history.covers_from = timestamptz '0001-01-01 00:00:00+00'
  group by all
),

-- What the lines would have cost at list price, of products whose list price is in the order's currency; freight is no discount.
listed as (
  select
    orders.owner_key,
    orders.department_key,
    orders.ordered_on as day,
    sum({{ money_times(rounded_product('lines.quantity', 4, 'products.list_price', 2), 'orders.rate') }}) as list_amount,
    sum({{ money_times('cast(lines.amount_original - lines.freight_original as decimal(18, 2))', 'orders.rate') }}) as listed_net_amount
  from {{ ref('int_order_lines_spread') }} as lines
  inner join {{ ref('int_orders_resolved') }} as orders on lines.order_key = orders.order_key
  inner join {{ ref('stg_crm__products') }} as products
    on lines.product_ref = products.product_ref and orders.currency = products.currency
  where orders.is_counted and orders.kind = 'sale' and products.list_price > 0 and orders.rate is not null
    -- A list value that no order could have says nothing of a discount.
    and cast(lines.quantity as double) * cast(products.list_price as double) * greatest(cast(orders.rate as double), 1) < 1e13
  group by all
),

targets as (
  select
    employee_key as owner_key,
    department_key,
    month,
    cast(coalesce(sum(target_amount) filter (where level = 'goal'), 0) * 100 as bigint) as goal_cents,
    cast(coalesce(sum(target_amount) filter (where level = 'stretch'), 0) * 100 as bigint) as stretch_cents,
    cast(coalesce(sum(target_amount) filter (where level = 'challenge'), 0) * 100 as bigint) as challenge_cents
  from {{ ref('fct_targets') }}
  cross join basis
  where employee_key is not null
    and measure = case basis.value when 'received' then 'receipt_amount' when 'won' then 'won_amount' else 'order_amount' end
  group by all
),

-- A month's target falls on its workdays in equal parts, in whole cents: the running share of the cents is what has fallen by then.
workdays as (
  select
    day,
    month_on,
    row_number() over (partition by month_on order by day) as number,
    count(*) over (partition by month_on) as workdays
  from (
    select date_key as day, month_on
    from calendar
    where is_workday

    union all

    -- Before and after the calendar every weekday is a workday.
    select cast(day as date) as day, month as month_on
    from (
      select month, unnest(generate_series(month, last_day(month), interval 1 day)) as day
      from (select distinct month from targets) as months
      anti join calendar on months.month = calendar.month_on
    ) as beyond
    where isodow(day) < 6
  ) as days
),

target_days as (
  select
    targets.owner_key,
    targets.department_key,
    workdays.day,
    {%- for level in ['goal', 'stretch', 'challenge'] %}
    cast({{ level }}_cents // workdays + {{ level }}_cents % workdays * number // workdays - {{ level }}_cents % workdays * (number - 1) // workdays as decimal(16, 0))
    * cast(0.01 as decimal(2, 2)) as {{ level }}_amount{{ "," if not loop.last }}
    {%- endfor %}
  from targets
  inner join workdays on targets.month = workdays.month_on
),

-- Every part says what it adds, so that any slice and any span adds up.
ledger as (
  select owner_key, department_key, day, order_count, order_amount from orders

  union all by name

  select owner_key, department_key, day, receipt_amount from receipts

  union all by name

  select owner_key, department_key, day, won_amount from won

  union all by name

  select owner_key, department_key, day, new_customers from new_customers

  union all by name

  select owner_key, department_key, day, list_amount, listed_net_amount from listed

  union all by name

  select owner_key, department_key, day, goal_amount, stretch_amount, challenge_amount from target_days

  union all by name

  -- An order stands beside the day a year later, as far as that day has come.
  select
    owner_key,
    department_key,
    cast(day + interval 1 year as date) as day,
    order_amount as order_amount_year_before
  from orders
  where day + interval 1 year <= {{ company_date(as_of()) }}

  union all by name

  select
    orders.owner_key,
    orders.department_key,
    calendar.date_key as day,
    orders.order_amount as order_amount_aligned_year_before
  from orders
  inner join calendar on orders.day = calendar.aligned_year_before_on
  where calendar.date_key <= {{ company_date(as_of()) }}
),

summed as (
  select
    owner_key,
    department_key,
    day,
    coalesce(sum(order_count), 0) as order_count,
    {%- for amount in [
      'order_amount', 'receipt_amount', 'won_amount', 'list_amount', 'listed_net_amount', 'goal_amount', 'stretch_amount', 'challenge_amount',
      'order_amount_year_before', 'order_amount_aligned_year_before'
    ] %}
    cast(coalesce(sum({{ amount }}), 0) as decimal(18, 2)) as {{ amount }},
    {%- endfor %}
    coalesce(sum(new_customers), 0) as new_customers
  from ledger
  group by owner_key, department_key, day
),

final as (
  select
    coalesce(cast(summed.owner_key as varchar), '') || '-' || coalesce(cast(summed.department_key as varchar), '') || '-'
    || strftime(summed.day, '%Y%m%d') as employee_day_key,
    summed.*,
    {{ company_instant('summed.day') }} as day_starts_at,
    case basis.value when 'received' then summed.receipt_amount when 'won' then summed.won_amount else summed.order_amount end as result_amount,
    basis.value as result_basis,
    summed.day <= {{ company_date(as_of()) }} as is_over,
    coalesce(calendar.is_workday, false) as is_workday,
    coalesce(calendar.is_holiday_published, false) as is_holiday_published
  from summed
  cross join basis
  left join calendar on summed.day = calendar.date_key
)

-- The department an employee was in at the end of the day.
select
  final.employee_day_key,
  final.owner_key,
  final.department_key,
  spells.department_then_key,
  final.day,
  final.day_starts_at,
  final.is_over,
  final.is_workday,
  final.is_holiday_published,
  cast(final.order_count as bigint) as order_count,
  final.order_amount,
  final.receipt_amount,
  final.won_amount,
  cast(final.new_customers as bigint) as new_customers,
  final.list_amount,
  final.listed_net_amount,
  final.order_amount_year_before,
  final.order_amount_aligned_year_before,
  final.result_basis,
  final.result_amount,
  final.goal_amount,
  final.stretch_amount,
  final.challenge_amount
from final
asof left join {{ ref('dim_employee_history') }} as spells
  on final.owner_key = spells.employee_key and {{ company_instant('final.day + 1') }} > spells.covers_from
