select
    brand_id,
    campaign_id,
    upper(delivered.event_type) as cost_type,
    (occurred_at at time zone timezone)::date as local_date,
    sum(amount) as spend,
    count(*) as transactions
from delivered
inner join lineages using (ad_id, event_type)
group by all
