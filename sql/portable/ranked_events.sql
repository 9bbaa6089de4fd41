-- One row per candidate for a duplicate: its place among those of its event_id, in the order in which they came, and
-- what the first of them says. Reads event_candidates. Portable: no macro, no insert, nothing that only DuckDB knows.
create or replace temporary view ranked_events as
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number,
    arrival,
    row_number() over (partition by event_id order by arrival, file_id, line_number) as place,
    first_value(ad_id) over (partition by event_id order by arrival, file_id, line_number) as first_ad_id,
    first_value(event_type) over (partition by event_id order by arrival, file_id, line_number)
        as first_event_type,
    first_value(occurred_at) over (partition by event_id order by arrival, file_id, line_number)
        as first_occurred_at,
    first_value(file_id) over (partition by event_id order by arrival, file_id, line_number) as first_file_id,
    first_value(line_number) over (partition by event_id order by arrival, file_id, line_number)
        as first_line_number
from event_candidates;
