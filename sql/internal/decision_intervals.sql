-- One row per time from which decisions are promised in other intervals: what a limit is foreseen by.
create table if not exists internal.decision_intervals (
    recorded_at timestamptz not null,
    decide_every_seconds double not null,
    feed_grace_seconds double not null
);
comment on table internal.decision_intervals is 'One row per time from which decisions are promised in other intervals: what a limit is foreseen by.';
comment on column internal.decision_intervals.decide_every_seconds is 'seconds from one decision to the next';
comment on column internal.decision_intervals.feed_grace_seconds is 'seconds from a decision until it is served';

-- name: add
-- One row, if they are others than before: the intervals that are promised from now on.
insert into internal.decision_intervals
select
    $recorded_at::timestamptz as recorded_at,
    $decide_every_seconds::double as decide_every_seconds,
    $feed_grace_seconds::double as feed_grace_seconds
where
    ($decide_every_seconds::double, $feed_grace_seconds::double) is distinct from (
        select arg_max((decide_every_seconds, feed_grace_seconds), recorded_at) from internal.decision_intervals
    );
