/** dbt's own macros that projects rely on or override, in dbt's wording. */
export const builtinMacros = `
{% macro generate_schema_name(custom_schema_name=none, node=none) -%}
  {%- if custom_schema_name is none -%}{{ target.schema }}{%- else -%}{{ target.schema }}_{{ custom_schema_name | trim }}{%- endif -%}
{%- endmacro %}

{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
  {%- if custom_alias_name -%}{{ custom_alias_name | trim }}{%- else -%}{{ node.name }}{%- endif -%}
{%- endmacro %}

{% macro generate_database_name(custom_database_name=none, node=none) -%}
  {%- if custom_database_name is none -%}{{ target.database }}{%- else -%}{{ custom_database_name | trim }}{%- endif -%}
{%- endmacro %}

{% macro get_where_subquery(relation) -%}
  {% set where = config.get('where') %}
  {% if where %}{% do return("(select * from " ~ relation ~ " where " ~ where ~ ") dbt_subquery") %}{% else %}{% do return(relation) %}{% endif %}
{%- endmacro %}

{% test unique(model, column_name) %}
select {{ column_name }} as unique_field, count(*) as n_records
from {{ model }}
where {{ column_name }} is not null
group by {{ column_name }}
having count(*) > 1
{% endtest %}

{% test not_null(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} is null
{% endtest %}

{% test accepted_values(model, column_name, values, quote=True) %}
with all_values as (
  select {{ column_name }} as value_field, count(*) as n_records from {{ model }} group by {{ column_name }}
)
select *
from all_values
where value_field not in (
  {% for value in values -%}
    {% if quote -%}'{{ value | string | replace("'", "''") }}'{%- else -%}{{ value }}{%- endif -%}{%- if not loop.last -%},{%- endif %}
  {%- endfor %}
)
{% endtest %}

{% test relationships(model, column_name, to, field) %}
with child as (select {{ column_name }} as from_field from {{ model }} where {{ column_name }} is not null),
parent as (select {{ field }} as to_field from {{ to }})
select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null
{% endtest %}

{% macro run_query(sql) %}
  {% call statement("run_query_statement", fetch_result=true, auto_begin=false) %}{{ sql }}{% endcall %}
  {% set result = load_result("run_query_statement") %}
  {% do return(result.table if result else none) %}
{% endmacro %}

{% macro should_full_refresh() %}
  {% set own = config.get('full_refresh') %}
  {% do return(flags.FULL_REFRESH if own is none else own) %}
{% endmacro %}

{% macro current_timestamp() %}now(){% endmacro %}
{% macro type_string() %}varchar{% endmacro %}
{% macro type_int() %}integer{% endmacro %}
{% macro type_numeric() %}numeric(28, 6){% endmacro %}
{% macro date_trunc(datepart, date) %}date_trunc('{{ datepart }}', {{ date }}){% endmacro %}
{% macro dateadd(datepart, interval, from_date_or_timestamp) %}({{ from_date_or_timestamp }} + cast({{ interval }} as bigint) * interval 1 {{ datepart }}){% endmacro %}
{% macro datediff(first_date, second_date, datepart) %}date_diff('{{ datepart }}', {{ first_date }}, {{ second_date }}){% endmacro %}
`;
