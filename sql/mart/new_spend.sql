-- One row per brand, campaign, cost type and local hour: the spend of the batches not yet summed, and all the spend of
-- brands that are to be summed anew because their time zone changed.
create or replace temp table new_spend as
with charged as (
    select
        brand_id,
        campaign_id,
        cost_type,
        amount,
        occurred_at
    from core.transactions
    where transaction_type = 'COST' and batch_id > $done_through
    union all
    select
        brand_id,
        campaign_id,
        cost_type,
        amount,
        occurred_at
    from core.transactions
    semi join moved_brands using (brand_id)
    where transaction_type = 'COST' and batch_id <= $done_through
),

zoned as (
    select
        charged.* exclude (occurred_at),
        brands.timezone,
        epoch_us(charged.occurred_at) as at_us,
        epoch_us(charged.occurred_at) // 900000000 as quarter_hour
    from charged
    inner join core.brands on charged.brand_id = brands.brand_id and brands.valid_to is null
),

-- AT TIME ZONE for each row is what makes such jobs slow. Here each (zone, quarter-hour) is looked up once; the few
-- quarter-hours in which an offset changes have two rows, told apart by the exact instant.
offsets as (
    select
        quarters.timezone,
        quarters.quarter_hour,
        epoch_us(greatest(periods.starts_at, make_timestamptz(quarters.quarter_hour * 900000000))) as starts_us,
        epoch_us(least(periods.ends_at, make_timestamptz((quarters.quarter_hour + 1) * 900000000))) as ends_us,
        periods.utc_offset::bigint * 1000000 as offset_us
    from (select distinct
        timezone,
        quarter_hour
    from zoned) as quarters
    inner join core.utc_offsets as periods
        on
            quarters.timezone = periods.timezone
            and periods.starts_at < make_timestamptz((quarters.quarter_hour + 1) * 900000000)
            and periods.ends_at > make_timestamptz(quarters.quarter_hour * 900000000)
),

local as (
    select
        zoned.brand_id,
        zoned.campaign_id,
        zoned.cost_type,
        (zoned.at_us + offsets.offset_us) // 3600000000 as local_hour,
        zoned.amount
    from zoned
    inner join offsets
        on
            zoned.timezone = offsets.timezone
            and zoned.quarter_hour = offsets.quarter_hour
            and zoned.at_us >= offsets.starts_us
            and zoned.at_us < offsets.ends_us
)

select
    brand_id,
    campaign_id,
    cost_type,
    make_timestamp(local_hour * 3600000000) as local_hour,
    sum(amount) as spend,
    count(*) as transactions
from local
group by brand_id, campaign_id, cost_type, local_hour
