{#-
  The departments that the owners of records were in, as changes of the record: whoever takes over a record, or moves, brings a department along.
  Reads two CTEs of the calling model: `owners` (key, event_key, to_value, effective_at) and `records` (key, owner_id, closed_at); a closed record stays where it was closed.
-#}
{%- macro owner_departments(owners, records, key) -%}
  select
    tenures.{{ key }},
    row_number() over (partition by tenures.{{ key }} order by tenures.from_at, spells.covers_from) as event_key,
    cast(null as varchar) as from_value,
    cast(spells.department_id as varchar) as to_value,
    greatest(tenures.from_at, spells.covers_from) as effective_at
  from (
    select
      {{ key }},
      to_value as owner_id,
      case when row_number() over record = 1 then timestamptz '0001-01-01 00:00:00+00' else effective_at end as from_at,
      coalesce(lead(effective_at) over record, timestamptz '10000-01-01 00:00:00+00') as to_at
    from {{ owners }}
    window record as (partition by {{ key }} order by effective_at, event_key)

    union all

    select
      {{ key }},
      cast(owner_id as varchar),
      timestamptz '0001-01-01 00:00:00+00',
      timestamptz '10000-01-01 00:00:00+00'
    from {{ records }}
    where {{ key }} not in (select {{ key }} from {{ owners }})
  ) as tenures
  inner join {{ ref('int_employee_departments') }} as spells
    on tenures.owner_id = cast(spells.employee_id as varchar)
    and tenures.to_at > spells.covers_from
    and tenures.from_at < spells.covers_to
    and tenures.from_at < tenures.to_at
  inner join {{ records }} as records
    on tenures.{{ key }} = records.{{ key }}
    and (records.closed_at is null or records.closed_at >= spells.covers_from)
{%- endmacro -%}
