-- One row per event that was read from a delivered file, or that the ledger has already, in the order of arrival.
-- Reads read_events (what the reader found sound) and ledger_events.
create or replace temporary view all_events as
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number,
    arrival
from read_events
union all
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number,
    arrival
from ledger_events;
