-- Every brand with spend on a local date that was lost: its overspend could not be worked out meanwhile.
insert into ops.overspend_due
select
    brand_id,
    local_date
from mart.daily_spend_parts
where local_date between $day::date - 1 and $day::date + 1
except
from ops.overspend_due
