-- One row per reference row in force that the newest file no longer holds, and the file with which it vanished.
insert into ops.missing_rows
select
    table_name,
    id,
    $file_id as file_id,
    $recorded_at::timestamptz as recorded_at
from core.reference_rows
anti join (select key as id from judged_rows) as delivered_ids using (id)
anti join ops.missing_rows as known using (table_name, id)
where table_name = $table_name
