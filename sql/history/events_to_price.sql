-- One row per event that was charged, or tried, while one state of the reference data was known, and per event that had
-- found no price in the states before. Reads accepted_events, charging_of_batches and waiting_events.
create or replace temporary view events_to_price as
select
    events.file_id * 10000000000 + events.line_number as transaction_id,
    events.ad_id,
    events.event_type,
    events.occurred_at
from accepted_events as events
inner join charging_of_batches as batches on events.batch_id = batches.batch_id
where batches.state = $state
union all
select
    transaction_id,
    ad_id,
    event_type,
    occurred_at
from waiting_events;
