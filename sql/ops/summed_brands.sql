-- One row per brand with spend: the zone rules its marts were summed by.
create table if not exists ops.summed_brands (
    brand_id bigint not null,
    zones_recorded_at timestamptz not null,
    tzdata_version varchar not null
);
comment on table ops.summed_brands is 'One row per brand with spend: the zone rules its marts were summed by.';
comment on column ops.summed_brands.zones_recorded_at is 'recorded_at of the newest row of core.brand_zone_versions that was used';

-- name: record
-- One row per brand with spend: the zone rules its marts were summed by.
merge into ops.summed_brands as summed
using (
    select
        zones.brand_id,
        max(zones.recorded_at) as zones_recorded_at,
        (select max(tzdata_version) from core.utc_offsets) as tzdata_version
    from core.brand_zone_versions as zones
    semi join new_spend using (brand_id)
    group by zones.brand_id
) as used
    on summed.brand_id = used.brand_id
when matched then update set zones_recorded_at = used.zones_recorded_at, tzdata_version = used.tzdata_version
when not matched then
    insert (brand_id, zones_recorded_at, tzdata_version)
    values (used.brand_id, used.zones_recorded_at, used.tzdata_version);
