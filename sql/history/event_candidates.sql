-- One row per event whose event_id is there more than once: few, so that what the first of them says is looked up for
-- few. Reads all_events.
create or replace temporary view event_candidates as
with repeated_ids as (
    select event_id
    from all_events
    group by event_id
    having count(*) > 1
)

select all_events.*
from all_events
inner join repeated_ids on all_events.event_id = repeated_ids.event_id;
