with source as (
  select * from {{ source('fits', 'churn_backtest') }}
),

renamed as (
  select
    decile,
    customers,
    predicted,
    actual,
    lift,
    auc,
    cut_on,
    horizon_days,
    sample,
    as_of,
    fitted_at
  from source
)

select * from renamed
