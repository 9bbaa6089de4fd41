-- One row per refused row of the newest files, for people.
select
    files.name as file,
    rejected_rows.line_number as line,
    rejected_rows.reason
from raw.rejected_rows
inner join ops.delivered_files as files on rejected_rows.file_id = files.file_id
order by rejected_rows.file_id desc, rejected_rows.line_number asc
limit 20
