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
semi join changed using (timezone)
