-- A spell ends before the next one of the same customer and definition begins.
select
  spell_key,
  churned_on,
  won_back_on
from {{ ref('fct_customer_activity_spells') }}
where won_back_on is not null and (churned_on is null or churned_on >= won_back_on)
