-- One row per brand and local day whose spend changes. Reads new_spend and moved_brands.
insert into ops.overspend_due
select
    brand_id,
    local_date
from new_spend
union
select
    brand_id,
    local_date
from mart.daily_spend_parts as daily_spend
semi join moved_brands using (brand_id)
