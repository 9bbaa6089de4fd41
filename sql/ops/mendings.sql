-- One row per table and time at which a person mended rows of it.
insert into ops.mendings
select
    $mended_at::timestamptz as mended_at,
    $mended_by as mended_by,
    $reason as reason,
    $table_name as table_name,
    $rows as rows
