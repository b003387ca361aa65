import { crossDatabaseMacros } from "./cross-database-macros.ts";

/** How relations are named, and how queries inside templates run. */
const coreMacros = `
{% macro default__generate_schema_name(custom_schema_name=none, node=none) -%}
  {%- if custom_schema_name is none -%}{{ target.schema }}{%- else -%}{{ target.schema }}_{{ custom_schema_name | trim }}{%- endif -%}
{%- endmacro %}

{% macro generate_schema_name_for_env(custom_schema_name=none, node=none) -%}
  {%- if target.name == 'prod' and custom_schema_name is not none -%}{{ custom_schema_name | trim }}{%- else -%}{{ target.schema }}{%- endif -%}
{%- endmacro %}

{% macro default__generate_alias_name(custom_alias_name=none, node=none) -%}
  {%- if custom_alias_name -%}{{ custom_alias_name | trim }}
  {%- elif node.version -%}{{ node.name ~ "_v" ~ (node.version | string | replace(".", "_")) }}
  {%- else -%}{{ node.name }}{%- endif -%}
{%- endmacro %}

{% macro default__generate_database_name(custom_database_name=none, node=none) -%}
  {%- if custom_database_name is none -%}{{ target.database }}{%- else -%}{{ custom_database_name | trim }}{%- endif -%}
{%- endmacro %}

{% macro default__get_where_subquery(relation) -%}
  {% set where = config.get('where') %}
  {% if where %}{% do return("(select * from " ~ relation ~ " where " ~ where ~ ") dbt_subquery") %}{% else %}{% do return(relation) %}{% endif %}
{%- endmacro %}

{% macro run_query(sql) %}
  {% call statement("run_query_statement", fetch_result=true, auto_begin=false) %}{{ sql }}{% endcall %}
  {% set result = load_result("run_query_statement") %}
  {% do return(result.table if result else none) %}
{% endmacro %}

{% macro should_full_refresh() %}
  {% set own = config.get('full_refresh') %}
  {% do return(flags.FULL_REFRESH if own is none else own) %}
{% endmacro %}

{% macro should_store_failures() %}
  {% set own = config.get('store_failures') %}
  {% do return(flags.STORE_FAILURES if own is none else own) %}
{% endmacro %}

{% macro load_relation(relation) %}
  {% do return(adapter.get_relation(database=relation.database, schema=relation.schema, identifier=relation.identifier)) %}
{% endmacro %}
{% macro load_cached_relation(relation) %}{% do return(load_relation(relation)) %}{% endmacro %}
{% macro get_or_create_relation(database, schema, identifier, type) %}
  {% set found = adapter.get_relation(database=database, schema=schema, identifier=identifier) %}
  {% if found %}{% do return([true, found]) %}{% endif %}
  {% do return([false, api.Relation.create(database=database, schema=schema, identifier=identifier, type=type)]) %}
{% endmacro %}
{% macro default__make_temp_relation(base_relation, suffix='__dbt_tmp') %}
  {% do return(base_relation.incorporate(path={"identifier": base_relation.identifier ~ suffix})) %}
{% endmacro %}
{% macro make_intermediate_relation(base_relation, suffix='__dbt_tmp') %}
  {% do return(base_relation.incorporate(path={"identifier": base_relation.identifier ~ suffix})) %}
{% endmacro %}
{% macro make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') %}
  {% do return(base_relation.incorporate(path={"identifier": base_relation.identifier ~ suffix}, type=backup_relation_type)) %}
{% endmacro %}

{% macro default__get_columns_in_relation(relation) %}{% do return(adapter.get_columns_in_relation(relation)) %}{% endmacro %}
{% macro default__get_columns_in_query(select_sql) %}
  {% set found = run_query(dbt.get_empty_subquery_sql(select_sql)) %}
  {% do return(found.column_names if found else []) %}
{% endmacro %}
{% macro get_column_schema_from_query(select_sql, select_sql_header=none) %}{% do return(adapter.get_column_schema_from_query(select_sql)) %}{% endmacro %}
{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
select * from (
{{ select_sql }}
) as __dbt_sbq where false limit 0
{%- endmacro %}
{% macro default__get_limit_sql(sql, limit) -%}
{{ sql }}{% if limit is not none %} limit {{ limit }}{% endif %}
{%- endmacro %}

{% macro default__create_schema(relation) %}{% do adapter.create_schema(relation) %}{% endmacro %}
{% macro default__drop_schema(relation) %}{% do adapter.drop_schema(relation) %}{% endmacro %}
{% macro default__drop_relation(relation) %}{% do adapter.drop_relation(relation) %}{% endmacro %}
{% macro drop_relation_if_exists(relation) %}{% if relation is not none %}{% do adapter.drop_relation(relation) %}{% endif %}{% endmacro %}
{% macro default__rename_relation(from_relation, to_relation) %}{% do adapter.rename_relation(from_relation, to_relation) %}{% endmacro %}
{% macro default__truncate_relation(relation) %}{% do adapter.truncate_relation(relation) %}{% endmacro %}
{% macro default__list_schemas(database) %}{% do return(adapter.list_schemas(database)) %}{% endmacro %}
{% macro default__check_schema_exists(information_schema, schema) %}{% do return(adapter.check_schema_exists(information_schema, schema)) %}{% endmacro %}
{% macro default__information_schema_name(database) -%}
{%- if database -%}{{ database }}.information_schema{%- else -%}information_schema{%- endif -%}
{%- endmacro %}

{% macro default__create_table_as(temporary, relation, compiled_code, language='sql') -%}
create or replace {% if temporary %}temp {% endif %}table {{ relation.include(database=not temporary, schema=not temporary) }} as (
{{ compiled_code }}
)
{%- endmacro %}
{% macro default__create_view_as(relation, sql) -%}
create or replace view {{ relation }} as (
{{ sql }}
)
{%- endmacro %}

{% macro default__convert_datetime(date_str, date_fmt) %}{% do return(modules.datetime.datetime.strptime(date_str | string, date_fmt)) %}{% endmacro %}
{% macro default__dates_in_range(start_date_str, end_date_str=none, in_fmt="%Y%m%d", out_fmt="%Y%m%d") %}
  {% set first = convert_datetime(start_date_str, in_fmt) %}
  {% set last = convert_datetime(end_date_str or start_date_str, in_fmt) %}
  {% set dates = [] %}
  {% for offset in range((last - first).days + 1) %}
    {% do dates.append((first + modules.datetime.timedelta(days=offset)).strftime(out_fmt)) %}
  {% endfor %}
  {% do return(dates) %}
{% endmacro %}
{% macro convert_datetime(date_str, date_fmt) %}{% do return(default__convert_datetime(date_str, date_fmt)) %}{% endmacro %}
{% macro default__py_current_timestring() %}{% do return(modules.datetime.datetime.now().strftime("%Y%m%d%H%M%S%f")) %}{% endmacro %}
{% macro default__noop_statement() %}{% endmacro %}
`;

/** dbt's four generic tests. */
const genericTests = `
{% test unique(model, column_name) %}{{ adapter.dispatch('test_unique', 'dbt')(model, column_name) }}{% endtest %}
{% macro default__test_unique(model, column_name) %}
select {{ column_name }} as unique_field, count(*) as n_records
from {{ model }}
where {{ column_name }} is not null
group by {{ column_name }}
having count(*) > 1
{% endmacro %}

{% test not_null(model, column_name) %}{{ adapter.dispatch('test_not_null', 'dbt')(model, column_name) }}{% endtest %}
{% macro default__test_not_null(model, column_name) %}
select {{ column_name if not should_store_failures() else '*' }}
from {{ model }}
where {{ column_name }} is null
{% endmacro %}

{% test accepted_values(model, column_name, values, quote=True) %}{{ adapter.dispatch('test_accepted_values', 'dbt')(model, column_name, values, quote) }}{% endtest %}
{% macro default__test_accepted_values(model, column_name, values, quote=True) %}
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
{% endmacro %}

{% test relationships(model, column_name, to, field) %}{{ adapter.dispatch('test_relationships', 'dbt')(model, column_name, to, field) }}{% endtest %}
{% macro default__test_relationships(model, column_name, to, field) %}
with child as (select {{ column_name }} as from_field from {{ model }} where {{ column_name }} is not null),
parent as (select {{ field }} as to_field from {{ to }})
select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null
{% endmacro %}
`;

/** dbt's own macros that projects rely on or override, in our wording. */
export const builtinMacros: readonly string[] = [coreMacros, genericTests, crossDatabaseMacros];
