-- One row per arrived event whose event_id was there before it: in the ledger, or earlier in the same batch.
-- `conflict` says what it contradicts; without one it is an exact duplicate.
create or replace temp table repeated_events as
with sound as (
    select
        event_id,
        ad_id,
        event_type,
        occurred_at,
        file_id,
        line_number
    from arrived_events
    where fault is null
),

suspects as (
    select event_id
    from sound
    group by event_id
    having count(*) > 1
    union
    select sound.event_id
    from sound
    semi join hot.ad_events using (event_id)
    union
    select event_id
    from sealed_twins
),

candidates as (
    select
        *,
        true as arrived
    from sound
    semi join suspects using (event_id)
    union all
    select
        event_id,
        ad_id,
        event_type,
        occurred_at,
        file_id,
        line_number,
        false as arrived
    from hot.ad_events
    semi join suspects using (event_id)
    union all
    select
        *,
        false as arrived
    from sealed_twins
),

ranked as (
    select
        *,
        row_number() over (partition by event_id order by arrived, file_id, line_number) as place,
        first(ad_id) over first_one as first_ad_id,
        first(event_type) over first_one as first_event_type,
        first(occurred_at) over first_one as first_occurred_at,
        first(file_id) over first_one as first_file_id,
        first(line_number) over first_one as first_line_number
    from candidates
    window first_one as (partition by event_id order by arrived, file_id, line_number)
)

select
    file_id,
    line_number,
    case
        when ad_id <> first_ad_id or event_type <> first_event_type or occurred_at <> first_occurred_at
            then format(
                'event_id ''{}'' conflicts with line {} of file {}, which came first',
                left(event_id, 100), first_line_number, first_file_id
            )
    end as conflict
from ranked
where place > 1
