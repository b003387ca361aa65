{#- 
  Kaplan and Meier's estimate of survival. `observations` is a relation or CTE with one row per subject: `duration` (any unit), `is_event` (true when
  it ended, false when it was still going on: censored), and the columns of `groups`, each group being a curve of its own.
  One row per group and duration at which something happened: at_risk, event_count, censored_count, survival, its standard error by Greenwood's formula,
  and a 95 % interval on the log-log scale (null where survival is 0 or 1).
-#}
{%- macro kaplan_meier(observations, duration, is_event, groups=[]) -%}
  {%- set columns = "" if groups | length == 0 else groups | join(", ") ~ ", " -%}
  {%- set partition = "" if groups | length == 0 else "partition by " ~ groups | join(", ") ~ " " -%}
  select
    {{ columns }}duration,
    at_risk,
    event_count,
    censored_count,
    survival,
    survival * sqrt(greenwood) as standard_error,
    case when survival > 0 and survival < 1 then survival ** exp(1.959963984540054 * sqrt(greenwood) / abs(ln(survival))) end as lower95,
    case when survival > 0 and survival < 1 then survival ** exp(-1.959963984540054 * sqrt(greenwood) / abs(ln(survival))) end as upper95
  from (
    select
      *,
      product(1 - event_count / at_risk) over ({{ partition }}order by duration) as survival,
      sum(event_count / (at_risk * nullif(at_risk - event_count, 0))) over ({{ partition }}order by duration) as greenwood
    from (
      select
        {{ columns }}{{ duration }} as duration,
        count(*) filter (where {{ is_event }}) as event_count,
        count(*) filter (where not ({{ is_event }})) as censored_count,
        cast(sum(count(*)) over ({{ partition }}order by {{ duration }} desc) as bigint) as at_risk
      from {{ observations }}
      where {{ duration }} is not null and {{ is_event }} is not null
      group by {{ columns }}{{ duration }}
    ) as counted
  ) as estimated
{%- endmacro -%}

{#- The first duration at which half or fewer are left, by group; null when more than half are left at the end. `curve` has the columns of kaplan_meier. -#}
{%- macro median_survival(curve, groups=[]) -%}
  select
    {% if groups | length > 0 %}{{ groups | join(", ") }},{% endif %}
    min(duration) filter (where survival <= 0.5) as median_duration,
    cast(max(at_risk) as bigint) as subject_count,
    cast(sum(event_count) as bigint) as event_count
  from {{ curve }}
  {% if groups | length > 0 %}group by {{ groups | join(", ") }}{% endif %}
{%- endmacro -%}
