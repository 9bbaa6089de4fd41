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
create or replace temp table sealed_twins (
    event_id varchar, ad_id bigint, event_type event_type, occurred_at timestamptz, file_id bigint, line_number bigint
);
