-- What an engine has made of lost days, as a ledger that was made again.

-- name: transactions
-- One row per cost that the engine has made for a day, and per payment that was booked for it: with the first batch
-- that was booked after its file was read and its brand was known. Reads made_transactions and history_charges.
with first_known as (
    select
        brand_id,
        min(recorded_at) as known_since
    from internal.brand_versions
    group by brand_id
),

payments as (
    select
        core.transaction_id(payments.file_id, payments.line_number) as transaction_id,
        payments.brand_id,
        payments.amount,
        payments.paid_at,
        greatest(files.recorded_at, first_known.known_since) as due_at
    from raw.payments as payments
    inner join raw.event_files as files using (file_id)
    inner join first_known using (brand_id)
    where
        payments.paid_at >= make_timestamptz(epoch_us($day::date))
        and payments.paid_at < make_timestamptz(epoch_us($day::date + 1))
)

select *
from made_transactions
where
    occurred_at >= make_timestamptz(epoch_us($day::date))
    and occurred_at < make_timestamptz(epoch_us($day::date + 1))
union all
select
    payments.transaction_id,
    payments.brand_id,
    null as campaign_id,
    null as ad_id,
    payments.amount,
    'PAYMENT'::transaction_type as transaction_type,
    null as cost_type,
    payments.paid_at as occurred_at,
    charges.charged_at as recorded_at,
    null as price_source,
    null as price_effective_from,
    charges.batch_id
from payments
asof inner join history_charges as charges on payments.due_at <= charges.charged_at;

-- name: ad_events
-- One row per event that the engine has made for a day. Reads made_ad_events.
select *
from made_ad_events
where
    occurred_at >= make_timestamptz(epoch_us($day::date))
    and occurred_at < make_timestamptz(epoch_us($day::date + 1));
