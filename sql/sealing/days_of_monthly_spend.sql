-- Hot sums of some months, by month and within it in the order in which they are sealed.
create or replace temp table sealed_days as
select
    *,
    local_month as day
from hot.monthly_spend
where local_month between $first_day and $last_day and local_month in $days
order by
    local_month,
    brand_id,
    campaign_id,
    cost_type
