{#-
  Order lines with the header's discount and freight spread over them, the rest on the last line. Live figures and hourly ones need it: each makes it for
  itself, so that the many lines are not kept, compared and written once more by every build.
-#}
{%- macro spread_order_lines() -%}
  with lines as (
    select
      order_lines.*,
      orders.order_key,
      orders.discount_original,
      orders.freight_original
    from {{ ref('stg_crm__order_lines') }} as order_lines
    inner join {{ ref('int_orders_resolved') }} as orders on order_lines.order_id = orders.order_id
  ),

  -- Most orders have nothing to spread; only the others pay for it.
  spreadable as (
    select
      order_key,
      order_line_key,
      line_number,
      amount_original,
      discount_original,
      freight_original
    from lines
    where discount_original <> 0 or freight_original <> 0
  ),

  totals as (
    select
      order_key,
      cast(sum(amount_original) as decimal(18, 2)) as lines_original,
      max_by(order_line_key, row(coalesce(line_number, 0), order_line_key)) as last_line_key
    from spreadable
    group by order_key
  ),

  shares as (
    select
      spreadable.order_key,
      spreadable.order_line_key,
      spreadable.discount_original,
      spreadable.freight_original,
      spreadable.order_line_key = totals.last_line_key as is_last,
      case
        when spreadable.order_line_key = totals.last_line_key or spreadable.discount_original = 0 then 0
        else coalesce({{ money_share('spreadable.discount_original', 'spreadable.amount_original', 'totals.lines_original') }}, 0)
      end as discount_share,
      case
        when spreadable.order_line_key = totals.last_line_key or spreadable.freight_original = 0 then 0
        else coalesce({{ money_share('spreadable.freight_original', 'spreadable.amount_original', 'totals.lines_original') }}, 0)
      end as freight_share
    from spreadable
    inner join totals on spreadable.order_key = totals.order_key
  ),

  given as (
    select
      order_key,
      sum(discount_share) as discount_given,
      sum(freight_share) as freight_given
    from shares
    group by order_key
  ),

  -- The last line takes what rounding leaves.
  spread as (
    select
      shares.order_line_key,
      case when is_last then discount_original - discount_given else discount_share end as discount_spread,
      case when is_last then freight_original - freight_given else freight_share end as freight_spread
    from shares
    inner join given on shares.order_key = given.order_key
  )

  select
    lines.order_line_key,
    lines.order_key,
    lines.line_number,
    lines.product_ref,
    lines.quantity,
    cast(coalesce(spread.discount_spread, 0) as decimal(18, 2)) as discount_original,
    cast(coalesce(spread.freight_spread, 0) as decimal(18, 2)) as freight_original,
    cast(
      lines.amount_original - coalesce(spread.discount_spread, 0) + coalesce(spread.freight_spread, 0) as decimal(18, 2)
    ) as amount_original,
    lines.tax_original,
    {{ rounded_product('lines.quantity', 4, 'lines.unit_cost', 2) }} as cost_original
  from lines
  left join spread on lines.order_line_key = spread.order_line_key
{%- endmacro -%}
