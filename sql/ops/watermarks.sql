-- One row per derived table: the newest batch it contains.
merge into ops.watermarks as watermark
using (
    select
        $table_name as table_name,
        $batch_id::bigint as batch_id
) as done
    on watermark.table_name = done.table_name
when matched then update set batch_id = done.batch_id
when not matched then insert (table_name, batch_id) values (done.table_name, done.batch_id)
