-- One row per brand in force at $now, as known at $known_at: its own date, and when its next day and month begin.
-- All brands, or the one of $brand_id.
create or replace temp table brand_clock as
with zones as (
    select
        timezone,
        core.local_time($now, utc_offset)::date as local_date,
        date_trunc('month', core.local_time($now, utc_offset))::date as local_month
    from core.utc_offsets_as_known(coalesce($known_at, 'infinity'::timestamptz))
    where starts_at <= $now and ends_at > $now
),

turns as (
    select
        zones.timezone,
        zones.local_date,
        zones.local_month,
        min(core.begins_in(zones.local_date + 1, periods.starts_at, periods.ends_at, periods.utc_offset))
            as next_day_at,
        min(
            core.begins_in(
                zones.local_month + interval 1 month, periods.starts_at, periods.ends_at, periods.utc_offset
            )
        ) as next_month_at
    from zones
    inner join core.utc_offsets_as_known(coalesce($known_at, 'infinity'::timestamptz)) as periods
        on zones.timezone = periods.timezone
    where periods.ends_at > $now and periods.starts_at < $now::timestamptz + interval 40 days
    group by zones.timezone, zones.local_date, zones.local_month
)

select
    in_force.brand_id,
    in_force.name,
    in_force.timezone,
    in_force.daily_budget,
    in_force.monthly_budget,
    in_force.is_active,
    turns.local_date,
    turns.local_month,
    turns.next_day_at,
    turns.next_month_at
from core.brands_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as in_force
inner join turns on in_force.timezone = turns.timezone
where $brand_id is null or in_force.brand_id = $brand_id
