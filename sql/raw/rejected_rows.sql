-- One row per refused line of a delivered file.
insert into raw.rejected_rows
select
    refusals.file_id,
    refusals.line_number,
    refused_texts.raw,
    refusals.reason,
    $recorded_at::timestamptz as recorded_at
from refusals
left join refused_texts using (file_id, line_number)
order by refusals.file_id, refusals.line_number
