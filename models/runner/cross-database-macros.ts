/** dbt's cross-database macros in DuckDB's SQL. `dbt.name` dispatches to `duckdb__name` or `default__name` unless the project has its own. */
export const crossDatabaseMacros = `
{% macro default__type_string() %}{{ return("varchar") }}{% endmacro %}
{% macro default__type_int() %}{{ return("integer") }}{% endmacro %}
{% macro default__type_bigint() %}{{ return("bigint") }}{% endmacro %}
{% macro default__type_float() %}{{ return("float") }}{% endmacro %}
{% macro default__type_numeric() %}{{ return("numeric(28,6)") }}{% endmacro %}
{% macro default__type_boolean() %}{{ return("boolean") }}{% endmacro %}
{% macro default__type_timestamp() %}{{ return("timestamp") }}{% endmacro %}

{% macro duckdb__current_timestamp() -%}now(){%- endmacro %}
{% macro default__current_timestamp_backcompat() -%}cast({{ dbt.current_timestamp() }} as timestamp){%- endmacro %}
{% macro default__current_timestamp_in_utc_backcompat() -%}{{ dbt.current_timestamp_backcompat() }}{%- endmacro %}
{% macro default__current_timestamp_in_utc() -%}{{ dbt.current_timestamp() }}{%- endmacro %}
{% macro default__snapshot_get_time() -%}{{ dbt.current_timestamp() }}::timestamp{%- endmacro %}

{% macro duckdb__date_trunc(datepart, date) -%}date_trunc('{{ datepart }}', {{ date }}){%- endmacro %}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) -%}
{%- set start = from_date_or_timestamp | string | trim -%}
{#- A bare text has no type that DuckDB could add to. -#}
date_add({{ start }}{{ "::timestamp" if modules.re.fullmatch("'[^']*'", start) }}, interval ({{ interval }}) {{ datepart }})
{%- endmacro %}
{% macro duckdb__datediff(first_date, second_date, datepart) -%}
date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp)
{%- endmacro %}
{% macro duckdb__last_day(date, datepart) -%}
{%- if datepart == 'quarter' -%}cast(date_trunc('quarter', {{ date }}) + interval 3 month - interval 1 day as date)
{%- else -%}cast(date_trunc('{{ datepart }}', {{ date }}) + interval 1 {{ datepart }} - interval 1 day as date)
{%- endif -%}
{%- endmacro %}
{% macro default__date(year, month, day) -%}make_date({{ year }}, {{ month }}, {{ day }}){%- endmacro %}
{% macro default__date_spine(datepart, start_date, end_date) -%}
select unnest(generate_series({{ start_date }}::timestamp, {{ end_date }}::timestamp - interval 1 microsecond, interval 1 {{ datepart }})) as date_{{ datepart }}
{%- endmacro %}
{% macro default__generate_series(upper_bound) -%}
select unnest(range(1, {{ upper_bound }} + 1)) as generated_number
{%- endmacro %}
{% macro default__get_powers_of_two(upper_bound) -%}
{%- set found = namespace(power=1) -%}
{%- for power in range(1, 100) if 2 ** power < upper_bound -%}{%- set found.power = power + 1 -%}{%- endfor -%}
{{ return(found.power) }}
{%- endmacro %}
{% macro default__get_intervals_between(start_date, end_date, datepart) -%}
{%- if not execute -%}{{ return(1) }}{%- endif -%}
{%- set found = run_query("select " ~ dbt.datediff(start_date, end_date, datepart)) -%}
{{ return(found.columns[0].values()[0]) }}
{%- endmacro %}

{% macro default__concat(fields) -%}{{ fields | join(' || ') }}{%- endmacro %}
{% macro duckdb__hash(field) -%}md5(cast({{ field }} as varchar)){%- endmacro %}
{% macro default__length(expression) -%}length({{ expression }}){%- endmacro %}
{% macro duckdb__position(substring_text, string_text) -%}strpos({{ string_text }}, {{ substring_text }}){%- endmacro %}
{% macro default__replace(field, old_chars, new_chars) -%}replace({{ field }}, {{ old_chars }}, {{ new_chars }}){%- endmacro %}
{% macro duckdb__right(string_text, length_expression) -%}right({{ string_text }}, {{ length_expression }}){%- endmacro %}
{% macro duckdb__split_part(string_text, delimiter_text, part_number) -%}
{%- if part_number is number and part_number < 0 -%}coalesce(list_extract(string_split({{ string_text }}, {{ delimiter_text }}), {{ part_number }}), '')
{%- else -%}split_part({{ string_text }}, {{ delimiter_text }}, {{ part_number }})
{%- endif -%}
{%- endmacro %}
{% macro duckdb__listagg(measure, delimiter_text="','", order_by_clause=none, limit_num=none) -%}
{%- if limit_num -%}array_to_string(list_slice(list({{ measure }} {{ order_by_clause or '' }}), 1, {{ limit_num }}), {{ delimiter_text }})
{%- else -%}string_agg({{ measure }}, {{ delimiter_text }} {{ order_by_clause or '' }})
{%- endif -%}
{%- endmacro %}
{% macro default__escape_single_quotes(expression) -%}{{ expression | replace("'", "''") }}{%- endmacro %}
{% macro default__string_literal(value) -%}'{{ value }}'{%- endmacro %}

{#- dbt_utils asks the catalog's own information_schema, which DuckDB keeps in one place for all catalogs. -#}
{% macro duckdb__get_tables_by_pattern_sql(schema_pattern, table_pattern, exclude='', database=target.database) %}
select distinct table_schema as "table_schema", table_name as "table_name",
  case table_type when 'BASE TABLE' then 'table' when 'VIEW' then 'view' else lower(table_type) end as "table_type"
from information_schema.tables
where lower(table_catalog) = lower('{{ database }}')
  and table_schema ilike '{{ schema_pattern }}' and table_name ilike '{{ table_pattern }}' and table_name not ilike '{{ exclude }}'
{% endmacro %}

{% macro duckdb__any_value(expression) -%}any_value({{ expression }}){%- endmacro %}
{% macro duckdb__bool_or(expression) -%}bool_or({{ expression }}){%- endmacro %}
{% macro default__cast(field, type) -%}cast({{ field }} as {{ type }}){%- endmacro %}
{% macro duckdb__safe_cast(field, type) -%}try_cast({{ field }} as {{ type }}){%- endmacro %}
{% macro duckdb__cast_bool_to_text(field) -%}cast({{ field }} as varchar){%- endmacro %}
{% macro default__equals(expr1, expr2) -%}({{ expr1 }} is not distinct from {{ expr2 }}){%- endmacro %}
{% macro default__except() -%}except{%- endmacro %}
{% macro default__intersect() -%}intersect{%- endmacro %}

{% macro duckdb__array_construct(inputs=[], data_type='integer') -%}
{%- if inputs | length > 0 -%}[{{ inputs | join(', ') }}]{%- else -%}cast([] as {{ data_type }}[]){%- endif -%}
{%- endmacro %}
{% macro duckdb__array_append(array, new_element) -%}list_append({{ array }}, {{ new_element }}){%- endmacro %}
{% macro duckdb__array_concat(array_1, array_2) -%}list_concat({{ array_1 }}, {{ array_2 }}){%- endmacro %}
`;
