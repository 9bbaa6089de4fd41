-- One row per brand and local day that a new finding or another budget bears upon: the present one, and later ones
-- where an earlier instant is decided for. Reads brand_now, and in mart.brand_budget what the decision before saw.
insert into ops.overspend_due
with concerned as (
    select
        brand_id,
        local_date
    from brand_now
    semi join (
        select brand_id from ops.budget_findings
        where recorded_at = $recorded_at
    ) as found using (brand_id)
    union all
    select
        brand_now.brand_id,
        -- the version may have been loaded by an earlier run that did not come to decide
        least(brand_now.local_date, brands.valid_from::date - 1) as local_date
    from brand_now
    inner join mart.brand_budget as before using (brand_id)
    inner join core.brands on brand_now.brand_id = brands.brand_id and brands.valid_to is null
    where
        brand_now.daily_budget is distinct from before.daily_budget
        or brand_now.monthly_budget is distinct from before.monthly_budget
)

from concerned
union
select
    daily_spend.brand_id,
    daily_spend.local_date
from mart.daily_spend
inner join concerned on daily_spend.brand_id = concerned.brand_id and daily_spend.local_date >= concerned.local_date
