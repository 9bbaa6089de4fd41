select brand_id, campaign_id, cost_type, epoch_us(occurred_at) // 86400000000 as utc_day, sum(amount) as spend, count(*) as transactions
from core.transactions
where transaction_type = 'COST'
group by all
order by spend desc
limit 1;
with offsets as (
    select brand_id, starts_at, ends_at, utc_offset
    from core.brands
    inner join core.utc_offsets using (timezone)
    where
        valid_to is null
        and starts_at <= (select max(occurred_at) from core.transactions)
        and ends_at > (select min(occurred_at) from core.transactions)
)

select
    transactions.brand_id, campaign_id, cost_type,
    make_timestamp(epoch_us(occurred_at) + utc_offset::bigint * 1000000)::date as local_date, sum(amount) as spend,
    count(*) as transactions
from core.transactions
inner join offsets on transactions.brand_id = offsets.brand_id and occurred_at >= starts_at and occurred_at < ends_at
where transaction_type = 'COST'
group by all
order by spend desc
limit 1;
select
    brand_id, campaign_id, cost_type, (occurred_at at time zone timezone)::date as local_date, sum(amount) as spend,
    count(*) as transactions
from core.transactions
inner join core.brands using (brand_id)
where transaction_type = 'COST' and valid_to is null
group by all
order by spend desc
limit 1;
