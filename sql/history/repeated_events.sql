-- One row per event that is not the first of its event_id, of those that arrived with one batch or later: where the
-- first one stands, and whether it says something else. Reads ranked_events (sql/portable).
create or replace temporary view repeated_events as
select
    event_id,
    file_id,
    line_number,
    first_file_id,
    first_line_number,
    ad_id <> first_ad_id or event_type <> first_event_type or occurred_at <> first_occurred_at as is_conflict
from ranked_events
where place > 1 and arrival >= $first_batch;
