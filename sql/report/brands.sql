-- One row per brand, as of the last decision, for people.
select
    brand_id as brand,
    name,
    timezone,
    local_date as "local date",
    daily_spend as "spent today",
    daily_budget as "of daily",
    monthly_spend as "spent this month",
    monthly_budget as "of monthly",
    case when is_active then 'yes' else 'no' end as active
from mart.brand_budget
order by brand_id
