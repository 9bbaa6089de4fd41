-- The watermark of a check: with all batches up to this one it has passed.
merge into ops.watermarks as watermarks
using (
    select
        $check_name as table_name,
        $batch_id::bigint as batch_id,
        $checked_at::timestamptz as recorded_at
) as passed
    on watermarks.table_name = passed.table_name
when matched then
    update set
        batch_id = passed.batch_id,
        recorded_at = passed.recorded_at
when not matched then
    insert (table_name, batch_id, recorded_at)
    values (passed.table_name, passed.batch_id, passed.recorded_at)
