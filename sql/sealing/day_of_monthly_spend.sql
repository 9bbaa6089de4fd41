-- Hot sums by local month of one day, in the order in which they are sealed.
create or replace temp table sealed_day as
select *
from hot.monthly_spend
where local_month = $day
order by
    brand_id,
    campaign_id,
    cost_type
