-- Brands' clocks around an instant: their offsets from UTC, and the hours, days, weeks and months under way.

-- name: brand_clock
-- One row per brand in force at $now, as known at $known_at: the clock it goes by, and its own budgets. All brands, or
-- the one of $brand_id. A clock is a time zone, or, of a brand that changes its zone in these days, one of its own.
create or replace temp table brand_clock as
with zones as (
    from core.brand_zones_as_known(coalesce($known_at, 'infinity'::timestamptz))
    where valid_to is null or valid_to > valid_from
),

moving as (
    select distinct brand_id
    from zones
    where
        valid_to > $now::timestamptz - interval 401 days
        or (
            valid_from > core.beginning()
            and valid_from > $now::timestamptz - interval 401 days
            and valid_from < $now::timestamptz + interval 401 days
        )
)

select
    in_force.brand_id,
    in_force.name,
    zones.timezone,
    case when moving.brand_id is null then zones.timezone else 'brand ' || in_force.brand_id end as clock,
    in_force.currency,
    in_force.billing,
    in_force.is_active,
    in_force.daily_budget,
    in_force.monthly_budget
from core.brands_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as in_force
inner join zones
    on
        in_force.brand_id = zones.brand_id
        and zones.valid_from <= $now
        and (zones.valid_to is null or zones.valid_to > $now)
left join moving on in_force.brand_id = moving.brand_id
where $brand_id is null or in_force.brand_id = $brand_id;

-- name: clocks
-- One row per clock and period, of those 400 days before and after $now, in which its offset from UTC stays the same.
create or replace temp table clocks as
with bounds as (
    select
        $now::timestamptz - interval 401 days as first_at,
        $now::timestamptz + interval 401 days as last_at
)

select
    periods.timezone as clock,
    greatest(periods.starts_at, bounds.first_at) as starts_at,
    least(periods.ends_at, bounds.last_at) as ends_at,
    periods.utc_offset
from core.utc_offsets_as_known(coalesce($known_at, 'infinity'::timestamptz)) as periods
cross join bounds
where
    periods.starts_at < bounds.last_at
    and periods.ends_at > bounds.first_at
    and (periods.timezone = 'UTC' or periods.timezone in (select clock from brand_clock));

-- name: moving_brands
-- One row: how many brands have a clock of their own.
select count(*) as brands
from brand_clock
where clock <> timezone;

-- name: clocks_of_moving_brands
-- The same for brands that change their zone in these days.
insert into clocks
with bounds as (
    select
        $now::timestamptz - interval 401 days as first_at,
        $now::timestamptz + interval 401 days as last_at
)

select
    'brand ' || offsets.brand_id as clock,
    greatest(offsets.starts_at, bounds.first_at) as starts_at,
    least(offsets.ends_at, bounds.last_at) as ends_at,
    offsets.utc_offset
from
    core.brand_offsets(
        coalesce($known_at, 'infinity'::timestamptz),
        $now::timestamptz - interval 401 days,
        $now::timestamptz + interval 401 days
    ) as offsets
semi join (
    select brand_id from brand_clock
    where clock <> timezone
) as moving using (brand_id)
cross join bounds
where greatest(offsets.starts_at, bounds.first_at) < least(offsets.ends_at, bounds.last_at);

-- name: buckets
-- One row per clock and hour, day, week or month that is under way at $now, or comes again after it since the clock is
-- put back. Reads clocks.
create or replace temp table buckets as
with seen as (
    select
        clock,
        max(core.local_time(least(ends_at - interval 1 microsecond, $now::timestamptz), utc_offset)) as latest,
        arg_max(core.local_time($now::timestamptz, utc_offset), starts_at) as present
    from clocks
    where starts_at <= $now
    group by clock
),

ahead as (
    select
        clock,
        core.local_time(greatest(starts_at, $now::timestamptz), utc_offset) as local_time
    from clocks
    where ends_at > $now
)

select distinct
    ahead.clock,
    periods.period,
    periods.length,
    unnest(
        generate_series(
            date_trunc(periods.unit, ahead.local_time), date_trunc(periods.unit, seen.latest), periods.length
        )
    ) as bucket,
    bucket = date_trunc(periods.unit, seen.present) as is_present
from ahead
inner join seen on ahead.clock = seen.clock
cross join internal.periods as periods
where periods.unit is not null and date_trunc(periods.unit, ahead.local_time) <= seen.latest;

-- name: occurrences
-- One row per bucket and span of instants in which the clock shows it: an hour that happens twice has two. All time is
-- one. Reads buckets and clocks.
create or replace temp table occurrences as
select
    buckets.clock,
    buckets.period,
    buckets.bucket,
    buckets.is_present,
    greatest(clocks.starts_at, core.instant_of(buckets.bucket, clocks.utc_offset)) as starts_at,
    least(clocks.ends_at, core.instant_of(buckets.bucket + buckets.length, clocks.utc_offset)) as ends_at
from buckets
inner join clocks
    on
        buckets.clock = clocks.clock
        and core.instant_of(buckets.bucket, clocks.utc_offset) < clocks.ends_at
        and core.instant_of(buckets.bucket + buckets.length, clocks.utc_offset) > clocks.starts_at
union all
select
    clocks.clock,
    periods.period,
    '2000-01-01'::timestamp as bucket,
    true as is_present,
    '-infinity'::timestamptz as starts_at,
    'infinity'::timestamptz as ends_at
from (select distinct clock from clocks) as clocks
cross join internal.periods as periods
where periods.unit is null;

-- name: date_starts
-- One row per clock and local date on which something begins or is over: its first instant. Reads brand_clock, clocks,
-- campaigns_now and budget_rows.
create or replace temp table date_starts as
with dates as (
    select
        brand_clock.clock,
        campaigns.start_date as local_date
    from campaigns_now as campaigns
    inner join brand_clock on campaigns.brand_id = brand_clock.brand_id
    where campaigns.start_date is not null
    union
    select
        brand_clock.clock,
        campaigns.end_date + 1 as local_date
    from campaigns_now as campaigns
    inner join brand_clock on campaigns.brand_id = brand_clock.brand_id
    where campaigns.end_date is not null
    union
    select
        clock,
        from_on as local_date
    from budget_rows
    where isfinite(from_on)
    union
    select
        clock,
        until_on as local_date
    from budget_rows
    where isfinite(until_on)
)

select
    dates.clock,
    dates.local_date,
    -- what lies beyond 400 days has been for ever, or never comes
    case
        when dates.local_date < $now::date - 400 then '-infinity'::timestamptz
        when dates.local_date > $now::date + 400 then 'infinity'::timestamptz
        else min(core.begins_in(dates.local_date, clocks.starts_at, clocks.ends_at, clocks.utc_offset))
    end as starts_at
from dates
inner join clocks on dates.clock = clocks.clock
group by
    dates.clock,
    dates.local_date;
