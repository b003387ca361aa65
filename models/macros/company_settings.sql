{#- Every setting a company may decide, with what holds without a decision. Made by make-company-settings.ts from the operational API's definition. -#}
{%- macro company_setting_defaults() -%}
  select key, default_value from (values
    ('win_rate', 'closed'),
    ('result_basis', 'ordered'),
    ('active_days', '365'),
    ('neglected_days', '90'),
    ('payment_days', '30'),
    ('log_days', '400'),
    ('cost_to_serve_per_visit', '0.00'),
    ('cost_to_serve_per_call', '0.00'),
    ('cost_to_serve_per_email', '0.00'),
    ('cost_to_serve_per_message', '0.00'),
    ('cost_to_serve_per_meeting', '0.00'),
    ('cost_to_serve_per_task', '0.00')
  ) as known (key, default_value)
{%- endmacro -%}
