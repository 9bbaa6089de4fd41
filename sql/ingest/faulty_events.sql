-- What is wrong with the values of events of a Parquet file, which fit their types.
update typed_events
set fault = event_fault(event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz)
where
    file_id = $file_id
    and fault is null
    -- else every row would be written anew: a third of the time of reading the file
    and event_fault(event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz) is not null
