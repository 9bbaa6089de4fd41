-- One row per time zone and period in which its offset from UTC stays the same.
insert into core.utc_offsets by name
select
    timezone,
    starts_at,
    coalesce(ends_at, 'infinity'::timestamptz) as ends_at,
    utc_offset,
    tzdata_version
from zone_periods
