-- One row per derived table and time at which it came to contain the batches up to one.
insert into ops.watermarks
select
    $table_name as table_name,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at
