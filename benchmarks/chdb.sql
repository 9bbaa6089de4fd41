select
    l.brand_id as brand_id,
    l.campaign_id as campaign_id,
    upper(e.event_type) as cost_type,
    toDate32(substring(toString(e.at, l.timezone), 1, 10)) as local_date,
    sum(l.amount) as spend,
    count() as transactions
from (
    select assumeNotNull(ad_id) as ad_id, assumeNotNull(event_type) as event_type,
        parseDateTime64BestEffort(toString(occurred_at), 6, 'UTC') as at
    from file('{events}', '{form}')
) as e
inner join (
    select assumeNotNull(ad_id) as ad_id, assumeNotNull(event_type) as event_type,
        assumeNotNull(brand_id) as brand_id, assumeNotNull(campaign_id) as campaign_id,
        assumeNotNull(timezone) as timezone, assumeNotNull(amount) as amount
    from file('{lineages}', 'Parquet')
) as l on e.ad_id = l.ad_id and e.event_type = l.event_type
group by brand_id, campaign_id, cost_type, local_date
into outfile '{answer}' format Parquet
settings allow_nonconst_timezone_arguments = 1
