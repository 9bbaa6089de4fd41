-- One row per refused file that is gone, or lies there in another state. Reads seen_files.
insert into ops.refused_files_gone
select
    file_id,
    $recorded_at::timestamptz as recorded_at
from ops.refused_files
anti join seen_files using (name, bytes, changed_ns)
anti join ops.refused_files_gone as known using (file_id)
