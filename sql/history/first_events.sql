-- One row per event that is the first of its event_id, of those that arrived with one batch or later, between two
-- instants, with its UTC day. Reads ranked_events (sql/portable).
create or replace temporary view first_events as
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number,
    arrival as batch_id,
    cast(make_timestamp(epoch_us(occurred_at)) as date) as day
from ranked_events
where
    place = 1
    and arrival >= $first_batch
    and occurred_at >= cast($starts_at as timestamptz)
    and occurred_at < cast($ends_at as timestamptz);
