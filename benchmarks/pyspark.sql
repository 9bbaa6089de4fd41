select
    brand_id,
    campaign_id,
    upper(event_type) as cost_type,
    to_date(from_utc_timestamp(occurred_at, timezone)) as local_date,
    sum(amount) as spend,
    count(*) as transactions
from events
inner join lineages using (ad_id, event_type)
group by all
