-- Sums of a lost month, added up from the ledger, less what the warehouse has of them, as they are sealed.
-- Reads known_parts.
create or replace temp table sealed_days as
with costs as (
    select
        brand_id,
        campaign_id,
        cost_type,
        amount,
        occurred_at
    from core.transactions
    where
        transaction_type = 'COST'
        and batch_id <= ops.summed_batch('infinity'::timestamptz)
        and occurred_at >= make_timestamptz(epoch_us($day::date - 1))
        and occurred_at < make_timestamptz(epoch_us($day::date + 32))
),

offsets as (
    select
        summed.brand_id,
        periods.starts_at,
        periods.ends_at,
        periods.utc_offset
    from ops.summed_brands as summed
    inner join core.utc_offsets as periods using (timezone)
    where
        periods.ends_at >= make_timestamptz(epoch_us($day::date - 1))
        and periods.starts_at < make_timestamptz(epoch_us($day::date + 32))
),

parts as (
    select
        costs.brand_id,
        costs.campaign_id,
        costs.cost_type,
        costs.amount as spend,
        1 as transactions
    from costs
    inner join offsets
        on
            costs.brand_id = offsets.brand_id
            and costs.occurred_at >= offsets.starts_at
            and costs.occurred_at < offsets.ends_at
    where date_trunc('month', core.local_time(costs.occurred_at, offsets.utc_offset))::date = $day
    union all
    select
        brand_id,
        campaign_id,
        cost_type,
        -spend as spend,
        -transactions as transactions
    from known_parts
)

select
    brand_id,
    campaign_id,
    cost_type,
    $day::date as local_month,
    sum(spend)::decimal(38, 9) as spend,
    sum(transactions)::bigint as transactions,
    $day::date as day
from parts
group by all
having sum(transactions) <> 0 or sum(spend) <> 0
order by
    brand_id,
    campaign_id,
    cost_type
