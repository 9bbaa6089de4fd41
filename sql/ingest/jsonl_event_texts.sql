-- Rows of events of the JSONL file read in bulk, but for the odd ones.
insert into event_texts
select
    $file_id as file_id,
    rowid + 1 as line_number,
    event.event_id as event_id,
    event.ad_id as ad_id,
    event.event_type as event_type,
    event.occurred_at as occurred_at,
    null as fault
from jsonl_lines
where not odd
