-- One row per accepted event.
create or replace view internal.lost_ad_events as
select
    lost::varchar as event_id,
    lost::bigint as ad_id,
    lost::varchar as event_type,
    second_at as occurred_at,
    lost::bigint as file_id,
    lost::bigint as line_number,
    lost::bigint as batch_id
from sealed.lost_seconds('ad_events')
where lost is null;

create table if not exists internal.ad_events ( -- noqa: PRS
    -- written in half the time (20 M: 2.6 s, not 5.4 s) and read in half, for half as much room, until it is sealed
    event_id varchar not null using compression uncompressed,
    ad_id bigint not null,
    event_type event_type not null,
    occurred_at timestamptz not null,
    file_id bigint not null,
    line_number bigint not null,
    batch_id bigint not null
);
comment on table internal.ad_events is 'One row per row of raw.ad_events that is not sealed.';

create macro if not exists sealed.ad_events() as table
    from internal.ad_events
    where false;

create or replace view raw.ad_events as
from internal.ad_events
union all
select
    * replace (
        event_type::event_type as event_type
    )
from sealed.ad_events();
comment on view raw.ad_events is 'One row per accepted event.';
comment on column raw.ad_events.line_number is 'line of the file, from 1; for Parquet the row';

-- why an event is refused that says something else than the one of its event_id that came first
create or replace macro raw.conflict_of(event_id, first_file_id, first_line_number) as
format(
    'event_id ''{}'' conflicts with line {} of file {}, which came first',
    left(event_id, 100), first_line_number, first_file_id
);

-- name: add
-- One row per accepted event.
insert into internal.ad_events
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number,
    $batch_id as batch_id
from arrived_events
anti join repeated_events using (file_id, line_number)
where fault is null;

-- name: days_to_seal
-- Hot events of some days, by day and within it in the order in which they are sealed.
create or replace temp table sealed_days as
select
    *,
    make_timestamp((epoch_us(occurred_at) // 86400000000) * 86400000000)::date as day
from internal.ad_events
where
    occurred_at >= make_timestamptz(epoch_us($first_day::date))
    and occurred_at < make_timestamptz(epoch_us($last_day::date + 1))
    and day in $days
order by
    occurred_at, -- and so by day
    event_id;

-- name: remove_sealed
-- Rows that are in sealed files now. Reads sealed_now.
delete from internal.ad_events
where epoch_us(occurred_at) // 86400000000 in (
    select epoch_us(day) // 86400000000 from sealed_now
    where table_name = 'ad_events'
);
