-- One row per refused row of a reference file.
insert into raw.rejected_rows
select
    $file_id as file_id,
    line_number,
    raw,
    reason,
    $recorded_at::timestamptz as recorded_at
from refused_rows
order by line_number
