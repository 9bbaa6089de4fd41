-- What the warehouse has of the sums of a month.
create or replace temp table known_parts as
select
    brand_id,
    campaign_id,
    cost_type,
    spend,
    transactions
from mart.monthly_spend_parts
where local_month = $day
