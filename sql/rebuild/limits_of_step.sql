-- One row: the limits by which files were read at a recorded time; none before limits were noted.
select
    max_file_bytes,
    max_line_bytes,
    max_json_depth,
    max_expansion,
    conflict_days,
    coalesce(events_zone, '') as events_zone,
    coalesce(payments_zone, '') as payments_zone,
    coalesce(prices_zone, '') as prices_zone
from ops.reading_limits
where recorded_at <= $recorded_at
order by recorded_at desc
limit 1
