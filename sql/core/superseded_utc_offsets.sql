-- One row per time zone whose rules a tzdata release changed, release and period, as core.utc_offsets had it.
create table if not exists core.superseded_utc_offsets (
    timezone varchar not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    utc_offset integer not null,
    tzdata_version varchar not null,
    superseded_at timestamptz not null
);
comment on table core.superseded_utc_offsets is 'One row per time zone whose rules a tzdata release changed, release and period, as core.utc_offsets had it.';
comment on column core.superseded_utc_offsets.superseded_at is 'until when, by recorded time, these rules were used';

create or replace macro core.utc_offsets_as_known(known_at) as table
    with used_then as (
        select
            timezone,
            min(superseded_at) as superseded_at
        from core.superseded_utc_offsets
        where superseded_at > known_at
        group by timezone
    )

    select
        timezone,
        starts_at,
        ends_at,
        utc_offset
    from core.utc_offsets
    anti join used_then using (timezone)
    union all
    select
        timezone,
        starts_at,
        ends_at,
        utc_offset
    from core.superseded_utc_offsets
    semi join used_then using (timezone, superseded_at);
comment on macro table core.utc_offsets_as_known is 'One row per time zone and period, by the rules used at a recorded time.'; -- noqa: PRS

-- name: add
-- One row per time zone whose rules a tzdata release changes, and period, as it was until now. Reads zone_periods.
insert into core.superseded_utc_offsets
with periods as (
    select
        timezone,
        starts_at,
        ends_at,
        utc_offset
    from core.utc_offsets
),

new_periods as (
    select
        timezone,
        starts_at,
        coalesce(ends_at, 'infinity'::timestamptz) as ends_at,
        utc_offset
    from zone_periods
),

changed as (
    (
        from periods
        except
        from new_periods
    )
    union all
    (
        from new_periods
        except
        from periods
    )
)

select
    utc_offsets.*,
    $recorded_at::timestamptz as superseded_at
from core.utc_offsets
semi join changed using (timezone);
