select
    event_id, brand_id, campaign_id, ad_id, upper(event_type) as cost_type, amount, occurred_at, is_own,
    effective_from, to_date(from_utc_timestamp(occurred_at, timezone)) as local_date
from events
inner join lineages using (ad_id, event_type);
select brand_id, campaign_id, cost_type, local_date, sum(amount) as spend, count(*) as transactions
from transactions
group by all;
