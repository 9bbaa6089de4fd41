-- One row per brand with spend: the zone rules its marts were summed by.
create table if not exists ops.summed_brands (
    brand_id bigint not null,
    timezone varchar not null,
    tzdata_version varchar not null
);
comment on table ops.summed_brands is 'One row per brand with spend: the zone rules its marts were summed by.';

create or replace macro ops.summed_offsets(from_at, until_at) as table
    select
        summed.brand_id,
        periods.starts_at,
        periods.ends_at,
        periods.utc_offset
    from ops.summed_brands as summed
    inner join core.utc_offsets as periods on summed.timezone = periods.timezone
    where periods.starts_at <= until_at and periods.ends_at > from_at;
comment on macro table ops.summed_offsets is 'One row per brand and period, of those between two instants, in which its offset from UTC stays the same, by the zone its marts were summed by.'; -- noqa: PRS

-- name: record
-- One row per brand with spend: the zone rules its marts were summed by.
merge into ops.summed_brands as summed
using (
    select
        brands.brand_id,
        brands.timezone,
        (select max(tzdata_version) from core.utc_offsets) as tzdata_version
    from core.brands
    semi join new_spend using (brand_id)
    where brands.valid_to is null
) as used
    on summed.brand_id = used.brand_id
when matched then update set timezone = used.timezone, tzdata_version = used.tzdata_version
when not matched then
    insert (brand_id, timezone, tzdata_version)
    values (used.brand_id, used.timezone, used.tzdata_version);
