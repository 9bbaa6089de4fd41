-- Events of the newest batch whose event_id is there more than once, among the days that are not sealed.
with newest as (
    select event_id
    from hot.ad_events
    where batch_id = (select max(batch_id) from ops.batches)
)

select
    event_id,
    count(*) as times
from hot.ad_events
semi join newest using (event_id)
group by event_id
having count(*) > 1
