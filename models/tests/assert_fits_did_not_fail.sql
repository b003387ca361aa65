-- A fit that failed leaves its last good result in place: right, but older than it looks.
{{ config(severity='warn') }}
select
  fit,
  remark,
  as_of
from {{ ref('stg_fits__runs') }}
qualify row_number() over (partition by fit order by as_of desc) = 1 and status = 'failed'
