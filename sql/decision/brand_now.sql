-- One row per brand of brand_clock: its spend so far this day and month beside its budgets. What happened after $now
-- does not count, nor does a batch the marts do not hold yet.
create or replace temp table brand_now as
with brands as (
    select
        brand_clock.*,
        coalesce(brand_clock.timezone <> summed.timezone, false) as counted_otherwise
    from brand_clock
    left join ops.summed_brands as summed on brand_clock.brand_id = summed.brand_id
),

days as (
    select
        daily_spend.brand_id,
        sum(daily_spend.spend) as spend
    from mart.daily_spend_parts as daily_spend
    inner join brands
        on daily_spend.brand_id = brands.brand_id and daily_spend.local_date = brands.local_date
    group by daily_spend.brand_id
),

months as (
    select
        monthly_spend.brand_id,
        sum(monthly_spend.spend) as spend
    from mart.monthly_spend_parts as monthly_spend
    inner join brands
        on monthly_spend.brand_id = brands.brand_id and monthly_spend.local_month = brands.local_month
    group by monthly_spend.brand_id
),

corrections as (
    -- taken off: what the marts hold and has not happened at $now
    select
        brand_id,
        occurred_at,
        -amount as amount
    from core.transactions
    where
        transaction_type = 'COST'
        and occurred_at > $now
        and occurred_at < $now::timestamptz + interval 32 days
        and batch_id <= ops.summed_batch('infinity'::timestamptz)
    union all
    -- counted anew: the month of brands whose zone at $now is not the one the marts are summed by
    select
        transactions.brand_id,
        transactions.occurred_at,
        transactions.amount
    from core.transactions
    semi join (
        select brand_id from brands
        where counted_otherwise
    ) as moved
        using (brand_id)
    where
        transactions.transaction_type = 'COST'
        and transactions.occurred_at <= $now
        and transactions.occurred_at > $now::timestamptz - interval 32 days
        and transactions.batch_id <= ops.summed_batch('infinity'::timestamptz)
),

-- materialized, since costs joined to all zones first would be 600 times as many
offsets as materialized (
    select
        brands.brand_id,
        brands.local_date,
        brands.local_month,
        brands.counted_otherwise,
        periods.starts_at,
        periods.ends_at,
        periods.utc_offset
    from brands
    inner join core.utc_offsets as periods on brands.timezone = periods.timezone
    where
        periods.ends_at > $now::timestamptz - interval 32 days
        and periods.starts_at < $now::timestamptz + interval 32 days
),

corrected as (
    select
        corrections.brand_id,
        sum(corrections.amount)
        filter (where core.local_time(corrections.occurred_at, offsets.utc_offset)::date = offsets.local_date)
            as day_spend,
        sum(corrections.amount) as month_spend
    from corrections
    inner join offsets
        on
            corrections.brand_id = offsets.brand_id
            and corrections.occurred_at >= offsets.starts_at
            and corrections.occurred_at < offsets.ends_at
            and offsets.counted_otherwise = (corrections.occurred_at <= $now)
    where date_trunc('month', core.local_time(corrections.occurred_at, offsets.utc_offset)) = offsets.local_month
    group by corrections.brand_id
)

select
    brands.brand_id,
    brands.name,
    brands.timezone,
    brands.local_date,
    (case when brands.counted_otherwise then 0 else coalesce(days.spend, 0) end + coalesce(corrected.day_spend, 0))
    ::decimal(38, 9) as daily_spend,
    brands.daily_budget,
    (case when brands.counted_otherwise then 0 else coalesce(months.spend, 0) end + coalesce(corrected.month_spend, 0))
    ::decimal(38, 9) as monthly_spend,
    brands.monthly_budget,
    brands.is_active,
    brands.next_day_at,
    brands.next_month_at
from brands
left join days on brands.brand_id = days.brand_id
left join months on brands.brand_id = months.brand_id
left join corrected on brands.brand_id = corrected.brand_id
