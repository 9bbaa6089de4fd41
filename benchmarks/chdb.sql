insert into function file('{ledger}', 'Parquet')
select
    e.event_id as event_id, l.brand_id as brand_id, l.campaign_id as campaign_id, e.ad_id as ad_id,
    upper(e.event_type) as cost_type, l.amount as amount, e.at as occurred_at, l.is_own as is_own,
    toDate32(substring(toString(e.at, l.timezone), 1, 10)) as local_date
from (
    select assumeNotNull(event_id) as event_id, assumeNotNull(ad_id) as ad_id, assumeNotNull(event_type) as event_type,
        parseDateTime64BestEffort(toString(occurred_at), 6, 'UTC') as at
    from file('{events}', '{form}')
) as e
inner join (
    select assumeNotNull(ad_id) as ad_id, assumeNotNull(event_type) as event_type, is_own,
        assumeNotNull(brand_id) as brand_id, assumeNotNull(campaign_id) as campaign_id,
        assumeNotNull(timezone) as timezone, assumeNotNull(amount) as amount
    from file('{lineages}', 'Parquet')
) as l on e.ad_id = l.ad_id and e.event_type = l.event_type
settings allow_nonconst_timezone_arguments = 1, input_format_skip_unknown_fields = 1;
select brand_id, campaign_id, cost_type, local_date, sum(amount) as spend, count() as transactions
from file('{ledger}', 'Parquet')
group by brand_id, campaign_id, cost_type, local_date
into outfile '{answer}' format Parquet;
