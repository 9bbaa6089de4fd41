-- Rows of a Parquet file of events whose own statistics deny what is in them, so that the rules were passed over.
update arrived_events
set
    fault = coalesce(
        name_fault('event_id', event_id),
        case when ad_id is null then 'ad_id is missing' end,
        event_type_fault(event_type),
        case when occurred_at is null then 'occurred_at is missing' end,
        range_fault('occurred_at', occurred_at, $loaded_at::timestamptz)
    )
where file_id = $file_id and fault is null
