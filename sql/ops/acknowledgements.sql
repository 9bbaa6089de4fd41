-- One row per delivered file, or reference row that has vanished, of which a person says that it may stay so.
insert into ops.acknowledgements
select
    $acknowledged_at::timestamptz as acknowledged_at,
    $acknowledged_by as acknowledged_by,
    $reason as reason,
    $file_id as file_id,
    $table_name as table_name,
    $id as id
