-- Rows of events of the CSV file read in bulk. The header is line 1; a last row without a line end is not trusted.
insert into event_texts
select
    $file_id as file_id,
    rowid + 2 as line_number,
    event_id,
    ad_id,
    event_type,
    occurred_at,
    case when rowid + 2 = $cut_line::bigint then $cut_reason end as fault
from csv_records
