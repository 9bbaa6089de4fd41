-- Hot sums by local date of one day, in the order in which they are sealed.
create or replace temp table sealed_day as
select *
from hot.daily_spend
where local_date = $day
order by
    brand_id,
    campaign_id,
    cost_type
