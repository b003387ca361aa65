with opportunities as (
  select
    opportunities.*,
    {{ document_rate('opportunities', 'rates') }} as rate
  from {{ ref('stg_crm__opportunities') }} as opportunities
  asof left join {{ ref('stg_crm__exchange_rates') }} as rates
    on opportunities.currency = rates.currency and opportunities.created_on >= rates.valid_on
),

changes as (
  select * from {{ ref('int_opportunity_changes') }}
),

-- What held before the first event of an attribute: what that event says was before, else what it begins with.
beginnings as (
  select
    opportunity_key,
    arg_min(coalesce(from_value, to_value), (effective_at, event_key)) filter (where attribute = 'amount') as amount,
    arg_min_null(from_value, (effective_at, event_key)) filter (where attribute = 'expected_close') as expected_close,
    bool_or(attribute = 'expected_close') as has_expected_close,
    arg_min(coalesce(from_value, to_value), (effective_at, event_key)) filter (where attribute = 'owner') as owner
  from changes
  group by opportunity_key
),

-- An emptied value is carried on as '', so that it is not taken for no change.
carried as (
  select
    opportunity_key,
    effective_at,
    row_number() over steps as step,
    lead(effective_at) over steps as next_at,
    last_value(case when attribute = 'stage' then to_value end ignore nulls) over so_far as stage,
    last_value(case when attribute = 'amount' then to_value end ignore nulls) over so_far as amount,
    last_value(case when attribute = 'expected_close' then coalesce(to_value, '') end ignore nulls) over so_far as expected_close,
    last_value(case when attribute = 'owner' then coalesce(to_value, '') end ignore nulls) over so_far as owner,
    last_value(case when attribute = 'department' then coalesce(to_value, '') end ignore nulls) over so_far as department
  from changes
  window
    steps as (partition by opportunity_key order by effective_at, attribute_order, event_key),
    so_far as (
      partition by opportunity_key
      order by effective_at, attribute_order, event_key
      rows between unbounded preceding and current row
    )
),

resolved as (
  select
    carried.opportunity_key,
    carried.effective_at,
    carried.step,
    carried.next_at as to_at,
    carried.next_at is null as is_last,
    opportunities.pipeline,
    opportunities.rate,
    opportunities.status as status_now,
    carried.stage as stage_told,
    case when carried.next_at is null then opportunities.stage else carried.stage end as stage,
    cast(
      coalesce(carried.amount, beginnings.amount, cast(opportunities.amount_original as varchar)) as decimal(18, 2)
    ) as amount_told,
    opportunities.amount_original as amount_now,
    cast(
      case
        when carried.expected_close is not null then nullif(carried.expected_close, '')
        when beginnings.has_expected_close then beginnings.expected_close
        else cast(opportunities.expected_close_on as varchar)
      end as date
    ) as expected_close_told,
    opportunities.expected_close_on as expected_close_now,
    nullif(coalesce(carried.owner, beginnings.owner, cast(opportunities.owner_id as varchar)), '') as owner_told,
    cast(opportunities.owner_id as varchar) as owner_now,
    nullif(carried.department, '') as department_id
  from carried
  inner join opportunities on carried.opportunity_key = opportunities.opportunity_key
  inner join beginnings on carried.opportunity_key = beginnings.opportunity_key
  where carried.stage is not null
),

-- The last state is the record as it stands: history always ends where the source is, whatever the events leave out.
final as (
  select
    resolved.*,
    case when is_last then amount_now else amount_told end as amount_original,
    case when is_last then expected_close_now else expected_close_told end as expected_close_on,
    case when is_last then owner_now else owner_told end as owner_id,
    is_last
    and (
      stage_told is distinct from stage
      or amount_told is distinct from amount_now
      or expected_close_told is distinct from expected_close_now
      or owner_told is distinct from owner_now
    ) as is_estimated
  from resolved
)

select
  cast(final.opportunity_key as bigint) * 100000 + final.step as state_key,
  final.opportunity_key,
  final.step,
  final.effective_at as from_at,
  final.to_at,
  final.pipeline,
  final.stage,
  stages.pipeline_stage_key,
  coalesce(stages.stage_order, 0) as stage_order,
  case when final.is_last then final.status_now else coalesce(stages.outcome, 'open') end as status,
  {{ money_times('final.amount_original', 'final.rate') }} as amount,
  final.expected_close_on,
  employees.employee_key as owner_key,
  departments.department_key,
  final.is_estimated
from final
left join {{ ref('stg_crm__pipeline_stages') }} as stages on final.pipeline = stages.pipeline and final.stage = stages.stage
left join {{ ref('stg_crm__employees') }} as employees on final.owner_id = cast(employees.employee_id as varchar)
left join {{ ref('stg_crm__departments') }} as departments on final.department_id = cast(departments.department_id as varchar)
