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
order by delivered.line_number
