-- What a batch of files brings, before it is written.

-- name: tables
-- What a batch of files brings, before anything is decided about it: rows read one by one as text, rows with types,
-- and rows read in bulk, whose line is their place in the table.
create or replace temp table event_texts (
    file_id bigint, line_number bigint, event_id varchar, ad_id varchar, event_type varchar, occurred_at varchar,
    fault varchar
);
create or replace temp table payment_texts (
    file_id bigint, line_number bigint, payment_id varchar, brand_id varchar, amount varchar, paid_at varchar,
    fault varchar
);
create or replace temp table typed_events (
    file_id bigint, line_number bigint, event_id varchar, ad_id bigint, event_type event_type, occurred_at timestamptz,
    fault varchar
);
create or replace temp table arrived_payments (
    file_id bigint, line_number bigint, payment_id varchar, brand_id bigint, amount decimal(18, 9),
    paid_at timestamptz, fault varchar
);
create or replace temp table correction_texts (
    file_id bigint, line_number bigint, correction_id varchar, transaction_id varchar, event_id varchar, amount varchar,
    reason varchar, fault varchar
);
create or replace temp table arrived_corrections (
    file_id bigint, line_number bigint, correction_id varchar, transaction_id bigint, event_id varchar,
    amount decimal(18, 9), reason varchar, fault varchar
);
-- `doubt` is a line that is left to the reader of single rows; `shape` the number of its usual set of keys, or the keys
-- themselves where they are not usual
create or replace temp table bulk_events (
    file_id bigint, event_id varchar, ad_id bigint, event_type event_type, occurred_at timestamptz, fault varchar,
    doubt varchar, shape integer, unusual_keys varchar[]
);
-- what to take from the place of a row to get its line
create or replace temp table bulk_files (file_id bigint, before_first bigint);
create or replace temp view arrived_events as
select * from typed_events
union all
select
    file_id,
    bulk_events.rowid - before_first as line_number,
    event_id,
    ad_id,
    event_type,
    occurred_at,
    fault
from bulk_events
inner join bulk_files using (file_id)
where doubt is null;
-- events of sealed days whose event_id arrives again
create or replace temp table sealed_duplicates (
    event_id varchar, ad_id bigint, event_type event_type, occurred_at timestamptz, file_id bigint, line_number bigint
);

-- name: add_event_texts
-- Rows of events read one by one, handed over as Arrow.
insert into event_texts by name
select * from text_rows;

-- name: add_payment_texts
-- Rows of payments read one by one, handed over as Arrow.
insert into payment_texts by name
select * from text_rows;

-- name: add_correction_texts
-- Rows of corrections read one by one, handed over as Arrow.
insert into correction_texts by name
select * from text_rows;

-- name: type_events
-- One row per event row read as text: its typed values, or what is wrong with it.
insert into typed_events
select
    file_id,
    line_number,
    event_id,
    bigint_of(ad_id) as ad_id,
    event_type_of(event_type) as event_type,
    instant_of(occurred_at) as occurred_at,
    coalesce(fault, event_text_fault(event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz)) as fault
from event_texts;

-- name: type_payments
-- One row per payment row read as text: its typed values, or what is wrong with it.
insert into arrived_payments
select
    file_id,
    line_number,
    payment_id,
    bigint_of(brand_id) as brand_id,
    amount_of(amount) as amount,
    instant_of(paid_at) as paid_at,
    coalesce(
        fault,
        name_fault('payment_id', payment_id),
        id_fault('brand_id', brand_id),
        amount_fault(amount),
        time_fault('paid_at', paid_at, $loaded_at::timestamptz)
    ) as fault
from payment_texts;

-- name: type_corrections
-- One row per correction row read as text: its typed values, or what is wrong with it.
insert into arrived_corrections
select
    file_id,
    line_number,
    correction_id,
    bigint_of(transaction_id) as transaction_id,
    nullif(event_id, '') as event_id,
    amount_of(amount) as amount,
    reason,
    coalesce(fault, correction_fault(correction_id, transaction_id, event_id, amount, reason)) as fault
from correction_texts;

-- name: bulk_rows
-- One row: how many rows of a file were read in bulk, and the places of the first and the last.
select
    count(*) as rows,
    min(rowid) as first_place,
    max(rowid) as last_place
from bulk_events
where file_id = $file_id;

-- name: add_bulk_file
-- A file that was read in bulk.
insert into bulk_files
select
    $file_id as file_id,
    $before_first as before_first;

-- name: doubtful_lines
-- Lines of a file read in bulk that need a closer look, some at a time; blank lines are none.
select
    rowid - $before_first as line_number,
    doubt
from bulk_events
where file_id = $file_id and rowid > $after + $before_first and trim(doubt, e' \t\r\n') <> ''
order by line_number
limit $rows;

-- name: remove_event_texts
-- Take back the texts of events of a file.
delete from event_texts
where file_id = $file_id;

-- name: remove_typed_events
-- Take back the typed events of a file.
delete from typed_events
where file_id = $file_id;

-- name: remove_bulk_events
-- Take back the events of a file that were read in bulk.
delete from bulk_events
where file_id = $file_id;

-- name: remove_bulk_lines
-- Take back the lines of a file read in bulk for which rows of their own have been read: there stood fillers.
delete from bulk_events
where
    file_id = $file_id
    and rowid - $before_first in (
        select line_number from event_texts
        where file_id = $file_id
    );

-- name: remove_payment_texts
-- Take back the texts of payments of a file.
delete from payment_texts
where file_id = $file_id;

-- name: remove_payments
-- Take back the payments of a file.
delete from arrived_payments
where file_id = $file_id;

-- name: remove_correction_texts
-- Take back the texts of corrections of a file.
delete from correction_texts
where file_id = $file_id;

-- name: remove_corrections
-- Take back the corrections of a file.
delete from arrived_corrections
where file_id = $file_id;

-- name: keep_refused_events
-- Of the rows that arrived, leave those that were refused before; rows read in bulk are found by their place.
delete from typed_events as arrived
where not exists (
    from raw.rejected_rows as refused
    where refused.file_id = arrived.file_id and refused.line_number = arrived.line_number
);
delete from bulk_events as arrived
where not exists (
    from raw.rejected_rows as refused
    inner join bulk_files using (file_id)
    where
        refused.file_id = arrived.file_id
        and refused.line_number = arrived.rowid - bulk_files.before_first
);

-- name: keep_refused_payments
-- Of the rows that arrived, leave those that were refused before.
delete from arrived_payments as arrived
where not exists (
    from raw.rejected_rows as refused
    where refused.file_id = arrived.file_id and refused.line_number = arrived.line_number
);

-- name: keep_refused_corrections
-- Of the rows that arrived, leave those that were refused before.
delete from arrived_corrections as arrived
where not exists (
    from raw.rejected_rows as refused
    where refused.file_id = arrived.file_id and refused.line_number = arrived.line_number
);

-- name: files_of_lost_days
-- One row per arrived file with events of a sealed day that cannot be read, or soon after one: whether they have been
-- charged before cannot be told. So it is with corrections while any day is lost: which cost they correct cannot be
-- told. With what to do.
with arrived as (
    select
        file_id,
        epoch_us(occurred_at) // 86400000000 as day
    from arrived_events
    where occurred_at is not null
    group by all
),

lost as (
    select
        epoch_us(day) // 86400000000 as day,
        remedy
    from internal.unreadable_sealed_files
    where table_name = 'ad_events'
)

select
    arrived.file_id,
    min(lost.remedy) as remedy
from arrived
inner join lost
    on
        arrived.day = lost.day
        -- an event_id that comes back with another time is looked for in the newest days
        or lost.day >= (select max(newest.day) from arrived as newest) - $conflict_days
group by arrived.file_id
union all
select
    arrived_corrections.file_id,
    min(days.remedy) as remedy
from arrived_corrections
cross join internal.unreadable_sealed_files as days
where days.table_name in ('ad_events', 'transactions')
group by arrived_corrections.file_id
order by file_id;
