-- One row per time from which other limits were in force when delivered files were read: a rebuild reads by them.
create table if not exists internal.reading_limits (
    recorded_at timestamptz not null,
    max_file_bytes bigint not null,
    max_line_bytes bigint not null,
    max_json_depth bigint not null,
    max_expansion bigint not null,
    conflict_days bigint not null,
    events_zone varchar,
    payments_zone varchar,
    prices_zone varchar
);
comment on table internal.reading_limits is 'One row per time from which other limits were in force when delivered files were read: a rebuild reads by them.';
comment on column internal.reading_limits.events_zone is 'of events'' times that named none; empty: they were refused; null: not noted yet, and none';
comment on column internal.reading_limits.payments_zone is 'of payments'' times that named none, likewise';
comment on column internal.reading_limits.prices_zone is 'of prices'' times that named none, likewise';

-- name: add
-- One row per time from which other limits were in force than before.
insert into internal.reading_limits
with before as (
    select *
    from internal.reading_limits
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
from before;

-- name: at
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
from internal.reading_limits
where recorded_at <= $recorded_at
order by recorded_at desc
limit 1;
