select brand_id, campaign_id, cost_type, epoch_us(occurred_at) // 86400000000 as utc_day, sum(amount) as spend, count(*) as transactions
from core.transactions
where transaction_type = 'COST'
group by all
order by spend desc
limit 1;
with zoned as (
    select
        transactions.brand_id, campaign_id, cost_type, amount, timezone, epoch_us(occurred_at) as at_us,
        epoch_us(occurred_at) // 900000000 as quarter_hour
    from core.transactions
    inner join core.brands on transactions.brand_id = brands.brand_id and brands.valid_to is null
    where transaction_type = 'COST'
),

offsets as (
    select
        quarters.timezone,
        quarters.quarter_hour,
        epoch_us(greatest(periods.starts_at, make_timestamptz(quarters.quarter_hour * 900000000))) as starts_us,
        epoch_us(least(periods.ends_at, make_timestamptz((quarters.quarter_hour + 1) * 900000000))) as ends_us,
        periods.utc_offset::bigint * 1000000 as offset_us
    from (select distinct timezone, quarter_hour from zoned) as quarters
    inner join core.utc_offsets as periods
        on
            quarters.timezone = periods.timezone
            and periods.starts_at < make_timestamptz((quarters.quarter_hour + 1) * 900000000)
            and periods.ends_at > make_timestamptz(quarters.quarter_hour * 900000000)
)

select
    brand_id, campaign_id, cost_type, (at_us + offset_us) // 86400000000 as local_day, sum(amount) as spend,
    count(*) as transactions
from zoned
inner join offsets
    on
        zoned.timezone = offsets.timezone
        and zoned.quarter_hour = offsets.quarter_hour
        and at_us >= starts_us
        and at_us < ends_us
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
