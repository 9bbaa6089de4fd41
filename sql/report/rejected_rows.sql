-- One row per refused row of a delivered file, for scripts.
select
    files.name as file,
    rejected_rows.*
from raw.rejected_rows
inner join ops.delivered_files as files using (file_id)
where contains(files.name, $name) and contains(rejected_rows.reason, $reason)
order by rejected_rows.file_id, rejected_rows.line_number
