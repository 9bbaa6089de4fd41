-- One row per brand and local day or month whose overspend is due.
create or replace temp table due_periods as
select
    brand_id,
    'DAY' as period,
    local_date as starts_on,
    local_date + 1 as ends_on
from ops.overspend_due
union
select
    brand_id,
    'MONTH' as period,
    date_trunc('month', local_date)::date as starts_on,
    (date_trunc('month', local_date) + interval 1 month)::date as ends_on
from ops.overspend_due
