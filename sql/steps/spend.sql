-- New spend by local date, before it is added to the sums.

-- name: rezoned_brands
-- One row per brand of whose spend something was summed by another time zone, or by other rules for it, than are known
-- now: its history was cut anew, or spend of days after a change of its zone had come before that.
create or replace temp table rezoned_brands as
with rezoned as (
    select
        summed.brand_id,
        min(zones.valid_from) as from_at
    from ops.summed_brands as summed
    inner join core.brand_zone_versions as zones on summed.brand_id = zones.brand_id
    where zones.recorded_at > summed.zones_recorded_at
    group by summed.brand_id
)

select rezoned.brand_id
from rezoned
semi join mart.daily_spend_parts as sums
    on rezoned.brand_id = sums.brand_id and sums.local_date >= rezoned.from_at::date - 1
union
select summed.brand_id
from ops.summed_brands as summed
inner join core.brand_zones as zones on summed.brand_id = zones.brand_id
inner join core.superseded_utc_offsets as superseded
    on zones.timezone = superseded.timezone and summed.tzdata_version <= superseded.tzdata_version;

-- name: summed_through
-- The newest batch that has been summed: what came after it is new.
set variable spendgate_summed_through = $done_through::bigint;

-- name: costs_to_sum
-- One row per cost of the batches not yet summed, and per cost of brands that are to be summed again because their time
-- zone changed.
create or replace temp view costs_to_sum as
select
    brand_id,
    campaign_id,
    cost_type,
    amount,
    occurred_at
from hot.transactions -- what is not summed yet is never sealed
where transaction_type = 'COST' and batch_id > getvariable('spendgate_summed_through')
union all
select
    brand_id,
    campaign_id,
    cost_type,
    amount,
    occurred_at
from core.transactions
semi join rezoned_brands using (brand_id)
where transaction_type = 'COST' and batch_id <= getvariable('spendgate_summed_through');

-- name: brand_offsets
-- One row per brand and period in which its offset from UTC stays the same, of those while the costs happened.
create or replace temp table brand_offsets as
from
    core.brand_offsets(
        'infinity'::timestamptz,
        (select min(occurred_at) from costs_to_sum),
        (select max(occurred_at) from costs_to_sum)
    );

-- name: new_spend
-- One row per brand, campaign, cost type and local date: what is to be added. Reads spend_by_date (sql/portable).
create or replace temp table new_spend as
from spend_by_date;

-- name: lost_or_doubled
-- Spend that is to be added and is not that of the ledger: rows lost or doubled on the way to local dates. Reads
-- costs_to_sum and new_spend.
with ledger as (
    select
        coalesce(sum(amount), 0) as spend,
        count(*) as transactions
    from costs_to_sum
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
