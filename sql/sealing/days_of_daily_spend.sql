-- Hot sums of some local dates, by date and within it in the order in which they are sealed.
create or replace temp table sealed_days as
select
    *,
    local_date as day
from hot.daily_spend
where local_date between $first_day and $last_day and local_date in $days
order by
    local_date,
    brand_id,
    campaign_id,
    cost_type
