-- One row per time zone and period in which its offset from UTC stays the same.
-- The ledger and the versioned reference data.
create table if not exists core.utc_offsets (
    timezone varchar not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    utc_offset integer not null,
    tzdata_version varchar not null
);
comment on table core.utc_offsets is 'One row per time zone and period in which its offset from UTC stays the same.';
comment on column core.utc_offsets.timezone is 'IANA name';
comment on column core.utc_offsets.starts_at is 'first instant of the period';
comment on column core.utc_offsets.ends_at is 'first instant after it; infinity for the last';
comment on column core.utc_offsets.utc_offset is 'seconds to add to UTC';
comment on column core.utc_offsets.tzdata_version is 'PyPI tzdata release the row comes from';

-- name: release
-- One row: the tzdata release in the warehouse, null when there is none yet.
select max(tzdata_version) as tzdata_version
from core.utc_offsets;

-- name: clear
-- Make room for another tzdata release.
delete from core.utc_offsets;

-- name: add
-- One row per time zone and period in which its offset from UTC stays the same.
insert into core.utc_offsets by name
select
    timezone,
    starts_at,
    coalesce(ends_at, 'infinity'::timestamptz) as ends_at,
    utc_offset,
    tzdata_version
from zone_periods;
