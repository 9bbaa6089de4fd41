-- The history of a brand cut anew, by the zone noted last for it.

-- name: moves
-- One row per local month and day of a brand whose spend another zone changes: as summed, and by that zone.
with offsets as materialized (
    select
        starts_at,
        ends_at,
        utc_offset
    from core.utc_offsets
    where timezone = $timezone
),

days as (
    select
        local_date,
        spend as spend_before,
        0::decimal(38, 9) as spend_after
    from internal.daily_spend_parts
    where brand_id = $brand_id
    union all
    select
        core.local_time(costs.occurred_at, offsets.utc_offset)::date as local_date,
        0 as spend_before,
        costs.amount as spend_after
    from core.transactions as costs
    inner join offsets on costs.occurred_at >= offsets.starts_at and costs.occurred_at < offsets.ends_at
    where
        costs.brand_id = $brand_id
        and costs.transaction_type <> 'PAYMENT'
        and costs.batch_id <= ops.summed_batch('infinity'::timestamptz)
),

periods as (
    select
        'MONTH' as period,
        date_trunc('month', local_date)::date as starts_on,
        spend_before,
        spend_after
    from days
    union all
    select
        'DAY' as period,
        local_date as starts_on,
        spend_before,
        spend_after
    from days
)

select
    period,
    starts_on,
    sum(spend_before)::decimal(38, 9) as spend_before,
    sum(spend_after)::decimal(38, 9) as spend_after
from periods
group by period, starts_on
having sum(spend_before) <> sum(spend_after)
order by period desc, starts_on asc;
