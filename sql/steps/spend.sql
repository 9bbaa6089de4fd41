-- New spend by local date, before it is added to the sums.

-- name: rezoned_brands
-- One row per brand whose spend was summed by another time zone, or by other rules for it, than those in force.
create or replace temp table rezoned_brands as
select summed.brand_id
from ops.summed_brands as summed
inner join core.brands on summed.brand_id = brands.brand_id and brands.valid_to is null
where
    summed.timezone <> brands.timezone
    or summed.timezone in (
        select superseded.timezone from core.superseded_utc_offsets as superseded
        where superseded.tzdata_version >= summed.tzdata_version
    );

-- name: new_spend
-- One row per brand, campaign, cost type and local date: the spend of the batches not yet summed, and all the spend of
-- brands that are to be summed anew because their time zone changed.
create or replace temp table new_spend as
with costs as not materialized (
    select
        brand_id,
        campaign_id,
        cost_type,
        amount,
        occurred_at
    from hot.transactions -- what is not summed yet is never sealed
    where transaction_type = 'COST' and batch_id > $done_through
    union all
    select
        brand_id,
        campaign_id,
        cost_type,
        amount,
        occurred_at
    from core.transactions
    semi join rezoned_brands using (brand_id)
    where transaction_type = 'COST' and batch_id <= $done_through
),

span as (
    select
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from costs
),

-- AT TIME ZONE for each row is what makes such jobs slow. The offsets that a brand had while these costs happened are
-- one or two; the exact instant tells which. For 20 M costs this join takes 0.2 s; one by names of zones and
-- quarter-hours took 3.9 s.
offsets as (
    select
        brands.brand_id,
        periods.starts_at,
        periods.ends_at,
        periods.utc_offset
    from core.brands
    inner join core.utc_offsets as periods on brands.timezone = periods.timezone
    inner join span on periods.starts_at <= span.last_at and periods.ends_at > span.first_at
    where brands.valid_to is null
)

select
    costs.brand_id,
    costs.campaign_id,
    costs.cost_type,
    core.local_time(costs.occurred_at, offsets.utc_offset)::date as local_date,
    sum(costs.amount) as spend,
    count(*) as transactions
from costs
inner join offsets
    on
        costs.brand_id = offsets.brand_id
        and costs.occurred_at >= offsets.starts_at
        and costs.occurred_at < offsets.ends_at
group by all;

-- name: lost_or_doubled
-- Spend that is to be added and is not that of the ledger: rows lost or doubled on the way to local dates. Reads
-- new_spend and rezoned_brands.
with costs as (
    select amount
    from hot.transactions
    where transaction_type = 'COST' and batch_id > $done_through
    union all
    select amount
    from core.transactions
    semi join rezoned_brands using (brand_id)
    where transaction_type = 'COST' and batch_id <= $done_through
),

ledger as (
    select
        coalesce(sum(amount), 0) as spend,
        count(*) as transactions
    from costs
),

added as (
    select
        coalesce(sum(spend), 0) as spend,
        coalesce(sum(transactions), 0) as transactions
    from new_spend
)

select
    ledger.spend as ledger_spend,
    added.spend as added_spend,
    ledger.transactions as ledger_transactions,
    added.transactions as added_transactions
from ledger
cross join added
where (ledger.spend, ledger.transactions) <> (added.spend, added.transactions);

-- name: days_of_new_spend
-- One row: the first and the last instant of the local days to which spend is added, on whatever clock.
select
    make_timestamptz(epoch_us(min(local_date) - 1)) as first_at,
    make_timestamptz(epoch_us(max(local_date) + 2)) as last_at
from new_spend;
