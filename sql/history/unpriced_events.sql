-- One row per event that finds no price in one state of the reference data. Reads events_to_price and priced_events.
create or replace temporary view unpriced_events as
select
    events.transaction_id,
    events.ad_id,
    events.event_type,
    events.occurred_at
from events_to_price as events
left join priced_events on events.transaction_id = priced_events.transaction_id
where priced_events.transaction_id is null;
