-- What the warehouse has of the sums of a local date.
create or replace temp table known_parts as
select
    brand_id,
    campaign_id,
    cost_type,
    spend,
    transactions
from mart.daily_spend_parts
where local_date = $day
