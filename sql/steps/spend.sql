-- New spend by local date, before it is added to the sums.

-- name: changed_zones
-- One row per brand and instant from which its sums may be by another clock than the one in force: a zone noted since
-- they were made, or rules for one of its zones that a tzdata release has superseded since.
create or replace temp table changed_zones as
select
    brand_id,
    valid_from
from internal.brand_zone_versions
where recorded_at > ops.summed_at()
union all
select
    brand_id,
    core.beginning() as valid_from
from core.brand_zones
where
    timezone in (
        select timezone from core.superseded_utc_offsets
        where superseded_at > ops.summed_at()
    )
    and coalesce(valid_to > valid_from, true);

-- name: first_change
-- One row: the first instant from which sums may be by another clock.
select min(valid_from) as valid_from
from changed_zones;

-- name: rezoned_brands
-- One row per brand with costs in its sums that happened while its zone, or the rules for it, were others than those it
-- was summed by. Reads changed_zones.
create or replace temp table rezoned_brands as
with first_changes as (
    select
        brand_id,
        min(valid_from) as valid_from
    from changed_zones
    group by brand_id
)

select distinct costs.brand_id
from core.transactions as costs
inner join first_changes on costs.brand_id = first_changes.brand_id and costs.occurred_at >= first_changes.valid_from
where
    costs.transaction_type <> 'PAYMENT'
    and costs.batch_id <= ops.summed_batch('infinity'::timestamptz)
    and costs.occurred_at >= (select min(valid_from) from changed_zones);

-- name: summed_through
-- The newest batch that has been summed: what came after it is new.
set variable spendgate_summed_through = $done_through::bigint;

-- name: costs_to_sum
-- One row per cost and correction of the batches not yet summed, and of brands that are to be summed again because
-- their clock of then is another one now.
create or replace temp view costs_to_sum as
select
    brand_id,
    campaign_id,
    cost_type,
    amount,
    transaction_type = 'COST' as is_cost,
    occurred_at
from internal.transactions -- what is not summed yet is never sealed
where transaction_type <> 'PAYMENT' and batch_id > getvariable('spendgate_summed_through')
union all
select
    brand_id,
    campaign_id,
    cost_type,
    amount,
    transaction_type = 'COST' as is_cost,
    occurred_at
from core.transactions
semi join rezoned_brands using (brand_id)
where transaction_type <> 'PAYMENT' and batch_id <= getvariable('spendgate_summed_through');

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
        count(*) filter (is_cost) as transactions
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
