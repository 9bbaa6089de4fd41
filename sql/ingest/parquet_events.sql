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
from read_parquet($path, file_row_number = true, hive_partitioning = false)
