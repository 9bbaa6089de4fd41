-- What a batch of files brings, before anything is decided about it. Text rows first, then typed rows.
create or replace temp table event_texts (
    file_id bigint, line_number bigint, event_id varchar, ad_id varchar, event_type varchar, occurred_at varchar,
    fault varchar
);
create or replace temp table payment_texts (
    file_id bigint, line_number bigint, payment_id varchar, brand_id varchar, amount varchar, paid_at varchar,
    fault varchar
);
create or replace temp table arrived_events (
    file_id bigint, line_number bigint, event_id varchar, ad_id bigint, event_type event_type, occurred_at timestamptz,
    fault varchar
);
create or replace temp table arrived_payments (
    file_id bigint, line_number bigint, payment_id varchar, brand_id bigint, amount decimal(18, 9),
    paid_at timestamptz, fault varchar
);
-- events of sealed days whose event_id arrives again
create or replace temp table sealed_twins (
    event_id varchar, ad_id bigint, event_type event_type, occurred_at timestamptz, file_id bigint, line_number bigint
);
