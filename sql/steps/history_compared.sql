-- What an engine has made, beside what the ledger has. Reads made_spend, which shows the files of an
-- attempt. Values are compared here and never by an engine's hashes, which are other ones.

-- name: bounds
-- What is compared.
set variable spendgate_compared = {
    'newest_batch': $newest_batch::bigint,
    'starts_at': $starts_at::timestamptz,
    'ends_at': $ends_at::timestamptz,
    'lost_days': $lost_days::date[]
};

-- name: live_events
-- Events of the ledger between two instants, up to a batch, but for lost days.
create or replace temp view live_events as
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number,
    batch_id
from raw.ad_events
where
    batch_id <= getvariable('spendgate_compared').newest_batch
    and occurred_at >= getvariable('spendgate_compared').starts_at
    and occurred_at < getvariable('spendgate_compared').ends_at
    and not list_contains(getvariable('spendgate_compared').lost_days, make_timestamp(epoch_us(occurred_at))::date);
create or replace temp view live_transactions as
select
    transaction_id,
    brand_id,
    campaign_id,
    ad_id,
    amount,
    transaction_type,
    cost_type,
    occurred_at,
    recorded_at,
    price_source,
    price_effective_from,
    batch_id
from core.transactions
where
    transaction_type = 'COST'
    and batch_id <= getvariable('spendgate_compared').newest_batch
    and occurred_at >= getvariable('spendgate_compared').starts_at
    and occurred_at < getvariable('spendgate_compared').ends_at
    and not list_contains(getvariable('spendgate_compared').lost_days, make_timestamp(epoch_us(occurred_at))::date);

-- name: costs_to_sum
-- One row per cost and correction of the ledger between those instants, to be summed here by the same rule. Reads
-- live_transactions.
create or replace temp view costs_to_sum as
select
    brand_id,
    campaign_id,
    cost_type,
    amount,
    true as is_cost,
    occurred_at
from live_transactions
union all
select
    brand_id,
    campaign_id,
    cost_type,
    amount,
    false as is_cost,
    occurred_at
from core.transactions
where
    transaction_type = 'CORRECTION'
    and batch_id <= getvariable('spendgate_compared').newest_batch
    and occurred_at >= getvariable('spendgate_compared').starts_at
    and occurred_at < getvariable('spendgate_compared').ends_at;

-- name: brand_offsets
-- One row per brand and period in which its offset from UTC stays the same, by the zones that the marts are summed by.
create or replace temp table brand_offsets as
from
    core.brand_offsets(
        coalesce(ops.summed_at(), 'infinity'::timestamptz),
        (select min(occurred_at) from costs_to_sum),
        (select max(occurred_at) from costs_to_sum)
    );

-- name: live_spend
-- Spend of the ledger between those instants, by local date. Reads spend_by_date (sql/portable).
create or replace temp table live_spend as
select
    brand_id,
    campaign_id,
    cost_type,
    local_date,
    spend,
    transactions
from spend_by_date;
