-- One row per time from which other limits were in force than before.
insert into ops.reading_limits
with before as (
    select *
    from ops.reading_limits
    order by recorded_at desc
    limit 1
)

select
    $recorded_at::timestamptz as recorded_at,
    $max_file_bytes as max_file_bytes,
    $max_line_bytes as max_line_bytes,
    $max_json_depth as max_json_depth,
    $max_expansion as max_expansion,
    $conflict_days as conflict_days,
    $events_zone as events_zone,
    $payments_zone as payments_zone,
    $prices_zone as prices_zone
except
select
    $recorded_at::timestamptz as recorded_at,
    max_file_bytes,
    max_line_bytes,
    max_json_depth,
    max_expansion,
    conflict_days,
    coalesce(events_zone, '') as events_zone,
    coalesce(payments_zone, '') as payments_zone,
    coalesce(prices_zone, '') as prices_zone
from before
