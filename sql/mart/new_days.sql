-- One row per brand, campaign, cost type and local date: new_spend by day, of which the months are made as well.
create or replace temp table new_days as
select
    brand_id,
    campaign_id,
    cost_type,
    local_hour::date as local_date,
    sum(spend) as spend,
    sum(transactions)::bigint as transactions
from new_spend
group by all
