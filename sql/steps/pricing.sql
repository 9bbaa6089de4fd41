-- Events and payments become transactions, or wait.

-- name: to_charge
-- One row: how many events and payments are to be charged or booked, and a digest of which.
with due as (
    select transaction_id from core.to_price($done_through::bigint)
    union all
    select transaction_id from core.payments_to_book($done_through::bigint)
)

select
    count(*) as due,
    sum(hash(transaction_id)) as digest
from due;

-- name: still_waiting
-- One row per accepted event or payment that could not be charged, with what it waits for.
-- A table of its own, since an insert that reads the table it writes may meet its own rows.
create or replace temp table still_waiting as
with waiting as (
    select
        transaction_id,
        ad_id,
        null::bigint as brand_id,
        event_type,
        null::decimal(18, 9) as amount,
        occurred_at
    from core.to_price($done_through::bigint)
    union all
    select
        transaction_id,
        null as ad_id,
        brand_id,
        null as event_type,
        amount,
        occurred_at
    from core.payments_to_book($done_through::bigint)
)

select
    waiting.*,
    case
        when waiting.event_type is null then format('unknown brand_id {}', waiting.brand_id)
        when ads.ad_id is null then format('unknown ad_id {}', waiting.ad_id)
        else format('no price for {} of ad {}: neither its own nor a global one', waiting.event_type, waiting.ad_id)
    end as reason,
    coalesce(known.waiting_since, $recorded_at::timestamptz) as waiting_since
from waiting
anti join (
    select transaction_id from hot.transactions
    where batch_id = $batch_id
) as charged
    using (transaction_id)
left join core.unpriced as known using (transaction_id)
left join (select distinct ad_id from core.ads) as ads on waiting.ad_id = ads.ad_id;

-- name: not_all_charged
-- What was to be charged and booked, beside what became of it, where they are not the same rows: some would be lost, or
-- charged twice. A digest tells in 0.1 s what counting each of 20 M transactions tells in 1.4 s.
with done as (
    select transaction_id from hot.transactions
    where batch_id = $batch_id
    union all
    select transaction_id from core.unpriced
),

found as (
    select
        count(*) as done,
        sum(hash(transaction_id)) as digest
    from done
)

select
    $due as due,
    done
from found
where done <> $due or digest is distinct from $digest;
