-- One row per row of a Parquet file of events: its values, or why they do not fit their types. What else may be wrong
-- with them is looked at afterwards: here, DuckDB would pass over rules that the file's own statistics deny.
insert into arrived_events
select
    $file_id as file_id,
    file_row_number + 1 as line_number,
    event_id,
    try_cast(ad_id as bigint) as ad_id,
    event_type_of(event_type) as event_type,
    -- typeof() is a constant here: times delivered as text are read by the rules for text
    case
        when typeof(occurred_at) = 'VARCHAR' then instant_of(occurred_at::varchar)
        else occurred_at::timestamptz
    end as occurred_at,
    case
        when ad_id is not null and try_cast(ad_id as bigint) is null
            then 'ad_id is not a whole number that fits 64 bits'
        when event_type_of(event_type) is null then event_type_fault(event_type)
        when typeof(occurred_at) = 'VARCHAR'
            then time_fault('occurred_at', occurred_at::varchar, $loaded_at::timestamptz)
    end as fault
from read_parquet($path, file_row_number = true, hive_partitioning = false)
