-- One row per accepted event.
insert into hot.ad_events
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number,
    $batch_id as batch_id
from arrived_events
anti join repeated_events using (file_id, line_number)
where fault is null
