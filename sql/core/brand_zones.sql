-- One row per brand and time zone that was noted for it, and from when it holds.
create table if not exists internal.brand_zone_versions (
    brand_id bigint not null,
    timezone varchar not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.brand_zone_versions is 'One row per brand and time zone that was noted for it; rows are only ever added.';

-- Unlike other versions, a later one may begin where the first one does: history cut anew. So which brands have several
-- is counted; of 100,000 that takes 5 ms.
create or replace macro core.brand_zones_as_known(known_at) as table
    with zones as not materialized (
        select *
        from internal.brand_zone_versions
        where recorded_at <= known_at
    ),

    several as not materialized (
        select brand_id
        from zones
        group by brand_id
        having count(*) > 1
    ),

    ended as (
        select
            *,
            min({ 'valid_to': valid_from, 'superseded_at': recorded_at }) over (
                partition by brand_id
                order by recorded_at
                rows between 1 following and unbounded following
            ) as ends
        from zones
        semi join several using (brand_id)
    )

    select
        brand_id,
        timezone,
        valid_from,
        null::timestamptz as valid_to,
        batch_id,
        recorded_at,
        null::timestamptz as superseded_at
    from zones
    anti join several using (brand_id)
    union all
    select
        brand_id,
        timezone,
        valid_from,
        ends.valid_to,
        batch_id,
        recorded_at,
        ends.superseded_at
    from ended;
comment on macro table core.brand_zones_as_known is 'One row per brand and zone that had been noted for it by a recorded time, with its end as known then; one that ends before it begins never held.'; -- noqa: PRS

create or replace view core.brand_zones as
from core.brand_zones_as_known('infinity'::timestamptz);
comment on view core.brand_zones is 'One row per brand and time zone that was noted for it, and from when until when it holds.';
comment on column core.brand_zones.timezone is 'IANA zone in which the brand counts its days and months';
comment on column core.brand_zones.valid_from is 'a local midnight of the zone before it; the first one holds from 2000';
comment on column core.brand_zones.valid_to is 'when the next one holds; null: until further notice; not after valid_from: it never held';
comment on column core.brand_zones.superseded_at is 'when valid_to was recorded';

create or replace macro core.brand_zones_in_force(instant, known_at) as table
    select *
    from core.brand_zones_as_known(known_at)
    where valid_from <= instant and coalesce(valid_to > instant, true);
comment on macro table core.brand_zones_in_force is 'One row per brand: its zone in force at an instant, as known at a recorded time.'; -- noqa: PRS

-- Offsets are materialized, since costs joined to all zones first would be 600 times as many. Only brands that have
-- changed their zone go the longer way. Theirs are cut at the seams, and where the new clock shows a date before the
-- last one of the old clock, it is put forward by whole days, so that no local date comes back. Two days is what two
-- zones can be apart at most (26 hours, and a seam that other rules have moved off midnight).
create or replace macro core.brand_offsets(known_at, from_at, until_at) as table
    with zones as materialized (
        select
            brand_id,
            timezone,
            valid_from,
            valid_to,
            valid_from > core.beginning() or valid_to is not null as has_seam
        from core.brand_zones_as_known(known_at)
        where coalesce(valid_to > valid_from, true)
    ),

    periods as not materialized (
        from core.utc_offsets_as_known(known_at)
    ),

    seamed as (
        select
            zones.brand_id,
            zones.timezone,
            zones.valid_from,
            zones.valid_to,
            max(core.local_time(zones.valid_to - interval 1 microsecond, last_periods.utc_offset)::date) over (
                partition by zones.brand_id
                order by zones.valid_from
                rows between unbounded preceding and 1 preceding
            ) as last_date
        from zones
        left join periods as last_periods
            on
                zones.timezone = last_periods.timezone
                and last_periods.starts_at < zones.valid_to
                and last_periods.ends_at >= zones.valid_to
        where zones.has_seam
    ),

    cut as (
        select
            seamed.brand_id,
            seamed.last_date,
            periods.utc_offset,
            greatest(periods.starts_at, seamed.valid_from) as starts_at,
            least(periods.ends_at, coalesce(seamed.valid_to, 'infinity'::timestamptz)) as ends_at
        from seamed
        inner join periods on seamed.timezone = periods.timezone
        where
            periods.starts_at < coalesce(seamed.valid_to, 'infinity'::timestamptz)
            and periods.ends_at > seamed.valid_from
    ),

    put_forward as (
        select
            cut.brand_id,
            case
                when last_date is null or days = 2 then cut.starts_at
                else greatest(cut.starts_at, core.instant_of(last_date - days::integer, cut.utc_offset))
            end as starts_at,
            case
                when days = 0 then cut.ends_at
                else least(cut.ends_at, core.instant_of(last_date - days::integer + 1, cut.utc_offset))
            end as ends_at,
            cut.utc_offset + days::integer * 86400 as utc_offset
        from cut
        cross join range(3) as forward (days)
        where days = 0 or last_date is not null
    ),

    offsets as materialized (
        select
            zones.brand_id,
            periods.starts_at,
            periods.ends_at,
            periods.utc_offset
        from zones
        inner join periods on zones.timezone = periods.timezone
        where not zones.has_seam and periods.starts_at <= until_at and periods.ends_at > from_at
        union all
        select
            brand_id,
            starts_at,
            ends_at,
            utc_offset
        from put_forward
        where starts_at < ends_at and starts_at <= until_at and ends_at > from_at
    )

    from offsets;
comment on macro table core.brand_offsets is 'One row per brand and period, of those between two instants, in which its offset from UTC stays the same, by the zones in force at each instant, as known at a recorded time. Where another zone would put the date back before the last one of the old clock, days are added to its offset.'; -- noqa: PRS

-- name: add
-- One row per brand that is new, or that came with another zone than the one noted last: it holds from the first local
-- midnight after the version, by the clock in force at that moment. With $mends also where the zone noted last begins
-- later than that, since a clock was ahead. Reads new_versions.
insert into internal.brand_zone_versions
with noted as (
    select
        brand_id,
        arg_max(timezone, recorded_at) as timezone,
        arg_max(valid_from, recorded_at) as valid_from
    from internal.brand_zone_versions
    semi join new_versions using (brand_id)
    group by brand_id
),

moved as (
    select
        new_versions.brand_id,
        new_versions.valid_from,
        zones.timezone as zone_then
    from new_versions
    inner join noted using (brand_id)
    inner join core.brand_zones as zones
        on
            new_versions.brand_id = zones.brand_id
            and new_versions.valid_from >= zones.valid_from
            and new_versions.valid_from < coalesce(zones.valid_to, 'infinity'::timestamptz)
    where $mends or new_versions.timezone <> noted.timezone
),

dates as (
    select
        moved.*,
        core.local_time(moved.valid_from, offsets.utc_offset)::date as local_date
    from moved
    inner join
        core.brand_offsets(
            'infinity'::timestamptz, (select min(valid_from) from moved), (select max(valid_from) from moved)
        ) as offsets
        on
            moved.brand_id = offsets.brand_id
            and moved.valid_from >= offsets.starts_at
            and moved.valid_from < offsets.ends_at
),

midnights as (
    select
        dates.brand_id,
        min(core.begins_in(dates.local_date + 1, periods.starts_at, periods.ends_at, periods.utc_offset)) as begins_at
    from dates
    inner join core.utc_offsets as periods on dates.zone_then = periods.timezone
    where periods.ends_at > dates.valid_from
    group by dates.brand_id
)

select
    new_versions.brand_id,
    new_versions.timezone,
    coalesce(midnights.begins_at, core.beginning()) as valid_from,
    new_versions.batch_id,
    new_versions.recorded_at
from new_versions
left join noted using (brand_id)
left join midnights using (brand_id)
where
    noted.brand_id is null
    or new_versions.timezone <> noted.timezone
    or ($mends and noted.valid_from > midnights.begins_at);

-- name: add_for_all_time
-- One row: the zone noted last for a brand, as the one that has held from the beginning.
insert into internal.brand_zone_versions
select
    brand_id,
    arg_max(timezone, recorded_at) as timezone,
    core.beginning() as valid_from,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at
from internal.brand_zone_versions
where brand_id = $brand_id
group by brand_id;

-- name: of_brand
-- One row: the zone noted last for a brand, and whether all of its history is by that zone.
select
    arg_max(timezone, recorded_at) as timezone,
    coalesce(count(distinct timezone) filter (where coalesce(valid_to > valid_from, true)) = 1, false) as holds_always
from core.brand_zones
where brand_id = $brand_id
having count(*) > 0;
