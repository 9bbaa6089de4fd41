-- One row per row of a Parquet file of events: its values, or what is wrong with it.
insert into arrived_events
select
    $file_id as file_id,
    file_row_number + 1 as line_number,
    event_id,
    try_cast(ad_id as bigint) as ad_id,
    lower(event_type) as event_type,
    -- typeof() is a constant here: times delivered as text are read by the rules for text
    case
        when typeof(occurred_at) = 'VARCHAR' then instant_of(occurred_at::varchar)
        else occurred_at::timestamptz
    end as occurred_at,
    coalesce(
        name_fault('event_id', event_id),
        case when ad_id is null then 'ad_id is missing' end,
        case when try_cast(ad_id as bigint) is null then 'ad_id is not a whole number that fits 64 bits' end,
        event_type_fault(event_type),
        case
            when typeof(occurred_at) = 'VARCHAR'
                then time_fault('occurred_at', occurred_at::varchar, $loaded_at::timestamptz)
            when occurred_at is null then 'occurred_at is missing'
            else range_fault('occurred_at', occurred_at::timestamptz, $loaded_at::timestamptz)
        end
    ) as fault
from read_parquet($path, file_row_number = true, hive_partitioning = false)
