-- One row per brand and change of the time zone in which it counts its days.
create table if not exists core.brand_zone_versions (
    brand_id bigint not null,
    timezone varchar not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table core.brand_zone_versions is 'One row per brand and change of the time zone in which it counts its days; rows are only ever added.';
comment on column core.brand_zone_versions.valid_from is 'a midnight of the clock before it, from which it holds; of the first one, and where history was cut anew, 2000';

-- A row gives way to the one that begins first of those recorded after it: one that begins before it leaves nothing.
create or replace macro core.brand_zones_as_known(known_at) as table
    with ended as (
        select
            brand_id,
            timezone,
            valid_from,
            min(valid_from) over (
                partition by brand_id
                order by recorded_at
                rows between 1 following and unbounded following
            ) as valid_to
        from core.brand_zone_versions
        where recorded_at <= known_at
    )

    select
        brand_id,
        timezone,
        case when valid_from > core.beginning() then valid_from else '-infinity'::timestamptz end as starts_at,
        coalesce(valid_to, 'infinity'::timestamptz) as ends_at
    from ended
    where valid_to is null or valid_to > valid_from;
comment on macro table core.brand_zones_as_known is 'One row per brand and span of time in which it has one time zone, as known at a recorded time.'; -- noqa: PRS

create or replace view core.brand_zones as
from core.brand_zones_as_known('infinity'::timestamptz);
comment on view core.brand_zones is 'One row per brand and span of time in which it counts its days in one time zone.';
comment on column core.brand_zones.starts_at is 'a midnight of the clock before it; -infinity: from ever';
comment on column core.brand_zones.ends_at is 'when the next zone begins; infinity: for ever';

-- Materialized, since costs joined to all zones first would be 600 times as many. Where a change of zone would put the
-- date back by more than a day, the clock runs a day ahead of the new zone until that has come to the date again.
create or replace macro core.brand_offsets(known_at, from_at, until_at) as table
    with zones as (
        select
            *,
            lag(timezone) over (partition by brand_id order by starts_at) as timezone_before
        from core.brand_zones_as_known(known_at)
    ),

    seams as (
        select
            zones.brand_id,
            zones.starts_at,
            core.local_time(zones.starts_at, periods.utc_offset)::date - 1 as last_date
        from zones
        inner join core.utc_offsets_as_known(known_at) as periods
            on
                zones.timezone_before = periods.timezone
                and zones.starts_at > periods.starts_at
                and zones.starts_at <= periods.ends_at
    ),

    offsets as materialized (
        select
            zones.brand_id,
            greatest(zones.starts_at, periods.starts_at) as starts_at,
            least(zones.ends_at, periods.ends_at) as ends_at,
            periods.utc_offset,
            core.instant_of(seams.last_date, periods.utc_offset) as back_until
        from zones
        inner join core.utc_offsets_as_known(known_at) as periods on zones.timezone = periods.timezone
        left join seams on zones.brand_id = seams.brand_id and zones.starts_at = seams.starts_at
        where
            periods.starts_at <= until_at
            and periods.ends_at > from_at
            and zones.starts_at <= until_at
            and zones.ends_at > from_at
            and zones.starts_at < periods.ends_at
            and zones.ends_at > periods.starts_at
    )

    select
        brand_id,
        greatest(starts_at, coalesce(back_until, starts_at)) as starts_at,
        ends_at,
        utc_offset
    from offsets
    where greatest(starts_at, coalesce(back_until, starts_at)) < ends_at
    union all
    select
        brand_id,
        starts_at,
        least(ends_at, back_until) as ends_at,
        utc_offset + 86400 as utc_offset
    from offsets
    where back_until > starts_at;
comment on macro table core.brand_offsets is 'One row per brand and period, of those between two instants, in which its offset from UTC stays the same, by the zones in force at each instant as known at a recorded time.'; -- noqa: PRS

-- name: add
-- One row per new brand, from ever, and per brand that was delivered with another time zone than before: from the next
-- midnight of the clock it goes by when that is loaded. Reads new_versions, of brands.
insert into core.brand_zone_versions by name
with latest as (
    select
        brand_id,
        arg_max(timezone, recorded_at) as timezone
    from core.brand_zone_versions
    group by brand_id
),

changed as (
    select
        brands.brand_id,
        brands.timezone,
        brands.valid_from as changed_at,
        brands.batch_id,
        brands.recorded_at,
        latest.brand_id is null as is_new
    from new_versions as brands
    left join latest on brands.brand_id = latest.brand_id
    where brands.timezone is distinct from latest.timezone
),

present as (
    select
        changed.brand_id,
        changed.changed_at,
        core.local_time(changed.changed_at, offsets.utc_offset)::date + 1 as next_date
    from changed
    inner join
        core.brand_offsets(
            'infinity'::timestamptz,
            (select min(changed_at) from changed),
            (select max(changed_at) from changed)
        ) as offsets
        on
            changed.brand_id = offsets.brand_id
            and changed.changed_at >= offsets.starts_at
            and changed.changed_at < offsets.ends_at
),

midnights as (
    select
        present.brand_id,
        min(core.begins_in(present.next_date, periods.starts_at, periods.ends_at, periods.utc_offset)) as midnight
    from present
    inner join core.brand_zones as zones
        on
            present.brand_id = zones.brand_id
            and present.changed_at >= zones.starts_at
            and present.changed_at < zones.ends_at
    inner join core.utc_offsets as periods on zones.timezone = periods.timezone
    where periods.ends_at > present.changed_at
    group by present.brand_id
)

select
    changed.brand_id,
    changed.timezone,
    case when changed.is_new then core.beginning() else midnights.midnight end as valid_from,
    changed.batch_id,
    changed.recorded_at
from changed
left join midnights on changed.brand_id = midnights.brand_id;

-- name: recut
-- One row: the zone that a brand was delivered with last holds for all of its history.
insert into core.brand_zone_versions
select
    brand_id,
    timezone,
    core.beginning() as valid_from,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at
from core.brands_in_force('infinity'::timestamptz, 'infinity'::timestamptz)
where brand_id = $brand_id;

-- name: of_brand
-- One row, if there is such a brand: the zone that it was delivered with last, and all those by which its history is
-- cut.
select
    brands.timezone,
    (
        select list(zones.timezone order by zones.starts_at) from core.brand_zones as zones
        where zones.brand_id = $brand_id
    ) as zones
from core.brands_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as brands
where brands.brand_id = $brand_id;
