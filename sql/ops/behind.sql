-- One row: the newest batch a table contains, and the newest there is.
select
    coalesce((
        select max(batch_id) from ops.watermarks
        where table_name = $table_name
    ), 0) as done,
    coalesce((select max(batch_id) from ops.batches), 0) as newest
