-- Parquet files.

-- name: events
-- One row per row of a Parquet file of events: its values, or why they do not fit their types. What else may be wrong
-- with them is looked at afterwards: here, DuckDB would pass over rules that the file's own statistics deny.
insert into typed_events
select
    $file_id as file_id,
    file_row_number + 1 as line_number,
    text_of(event_id) as event_id,
    whole_number_of(ad_id) as ad_id,
    event_type_of(text_of(event_type)) as event_type,
    typed_instant_of(occurred_at, $is_utc) as occurred_at,
    coalesce(
        not_text_fault('event_id', event_id),
        case
            when ad_id is not null and whole_number_of(ad_id) is null
                then 'ad_id is not a whole number that fits 64 bits'
        end,
        case when event_type_of(text_of(event_type)) is null then event_type_fault(text_of(event_type)) end,
        typed_time_fault('occurred_at', occurred_at, $is_utc, $loaded_at::timestamptz)
    ) as fault
from read_parquet($path, file_row_number = true, hive_partitioning = false);

-- name: event_faults
-- What is wrong with the values of events of a Parquet file, which fit their types.
update typed_events
set fault = event_fault(event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz)
where
    file_id = $file_id
    and fault is null
    -- else every row would be rewritten: a third of the time of reading the file
    and event_fault(event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz) is not null;

-- name: payments
-- One row per row of a Parquet file of payments: its values, or what is wrong with it.
insert into arrived_payments
select
    $file_id as file_id,
    file_row_number + 1 as line_number,
    text_of(payment_id) as payment_id,
    whole_number_of(brand_id) as brand_id,
    amount_of(text_of(amount)) as amount,
    typed_instant_of(paid_at, $is_utc) as paid_at,
    coalesce(
        not_text_fault('payment_id', payment_id),
        name_fault('payment_id', text_of(payment_id)),
        case when brand_id is null then 'brand_id is missing' end,
        case when whole_number_of(brand_id) is null then 'brand_id is not a whole number that fits 64 bits' end,
        amount_fault(text_of(amount)),
        case when paid_at is null then 'paid_at is missing' end,
        typed_time_fault('paid_at', paid_at, $is_utc, $loaded_at::timestamptz),
        range_fault('paid_at', typed_instant_of(paid_at, $is_utc), $loaded_at::timestamptz)
    ) as fault
from read_parquet($path, file_row_number = true, hive_partitioning = false);

-- name: payment_faults
-- Rows of a Parquet file of payments whose own statistics deny what is in them, so that the rules were passed over.
update arrived_payments
set
    fault = coalesce(
        name_fault('payment_id', payment_id),
        case when brand_id is null then 'brand_id is missing' end,
        amount_fault(amount::varchar),
        case when paid_at is null then 'paid_at is missing' end,
        range_fault('paid_at', paid_at, $loaded_at::timestamptz)
    )
where file_id = $file_id and fault is null;

-- name: corrections
-- One row per row of a Parquet file of corrections: its values, or what is wrong with it. Of transaction_id and
-- event_id one column may be absent.
insert into arrived_corrections
with delivered as (
    select
        null as transaction_id,
        null as event_id
    where false
    union all by name
    from read_parquet($path, file_row_number = true, hive_partitioning = false)
)

select
    $file_id as file_id,
    file_row_number + 1 as line_number,
    text_of(correction_id) as correction_id,
    whole_number_of(filled(transaction_id)) as transaction_id,
    filled(event_id) as event_id,
    amount_of(text_of(amount)) as amount,
    text_of(reason) as reason,
    coalesce(
        not_text_fault('correction_id', correction_id),
        not_text_fault('transaction_id', transaction_id),
        not_text_fault('event_id', event_id),
        not_text_fault('amount', amount),
        not_text_fault('reason', reason),
        correction_fault(
            text_of(correction_id), text_of(transaction_id), text_of(event_id), text_of(amount), text_of(reason)
        )
    ) as fault
from delivered;

-- name: correction_faults
-- Rows of a Parquet file of corrections whose own statistics deny what is in them, so that the rules were passed over.
update arrived_corrections
set
    fault = correction_fault(
        correction_id, transaction_id::varchar, event_id, coalesce(amount::varchar, 'whole'), reason
    )
where file_id = $file_id and fault is null;

-- name: refused_events
-- Refused rows of a Parquet file of events as JSON, in order.
with delivered as (
    select
        file_row_number + 1 as line_number,
        { 'event_id': event_id, 'ad_id': ad_id, 'event_type': event_type, 'occurred_at': occurred_at } as columns
    from read_parquet($path, file_row_number = true, hive_partitioning = false)
)

select
    delivered.line_number,
    to_json(delivered.columns)::varchar as raw
from delivered
semi join refusals
    on refusals.file_id = $file_id and delivered.line_number = refusals.line_number
order by delivered.line_number;

-- name: refused_payments
-- Refused rows of a Parquet file of payments as JSON, in order.
with delivered as (
    select
        file_row_number + 1 as line_number,
        { 'payment_id': payment_id, 'brand_id': brand_id, 'amount': amount, 'paid_at': paid_at } as columns
    from read_parquet($path, file_row_number = true, hive_partitioning = false)
)

select
    delivered.line_number,
    to_json(delivered.columns)::varchar as raw
from delivered
semi join refusals
    on refusals.file_id = $file_id and delivered.line_number = refusals.line_number
order by delivered.line_number;

-- name: refused_corrections
-- Refused rows of a Parquet file of corrections as JSON, in order.
with rows_of_file as (
    select
        null as transaction_id,
        null as event_id
    where false
    union all by name
    from read_parquet($path, file_row_number = true, hive_partitioning = false)
),

delivered as (
    select
        file_row_number + 1 as line_number,
        {
            'correction_id': correction_id,
            'transaction_id': transaction_id,
            'event_id': event_id,
            'amount': amount,
            'reason': reason
        } as columns
    from rows_of_file
)

select
    delivered.line_number,
    to_json(delivered.columns)::varchar as raw
from delivered
semi join refusals
    on refusals.file_id = $file_id and delivered.line_number = refusals.line_number
order by delivered.line_number;

-- name: reference_rows
-- One row per row of a Parquet file of reference data, its values as they are typed in it.
create or replace temp table delivered_rows as
select
    file_row_number + 1 as line_number,
    null::varchar as fault,
    * exclude (file_row_number)
from read_parquet($path, file_row_number = true, hive_partitioning = false);
