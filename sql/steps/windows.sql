-- When campaigns may run: their flights, and the windows of their dayparting rows as instants.

-- name: flights
-- One row per campaign with a first or a last date: the instants between which it may run. Reads campaigns_now,
-- brand_clock and date_starts.
create or replace temp table flights as
select
    campaigns.campaign_id,
    case when campaigns.start_date is null then '-infinity'::timestamptz else starts.starts_at end as starts_at,
    case when campaigns.end_date is null then 'infinity'::timestamptz else ends.starts_at end as ends_at
from campaigns_now as campaigns
inner join brand_clock on campaigns.brand_id = brand_clock.brand_id
left join date_starts as starts on brand_clock.clock = starts.clock and campaigns.start_date = starts.local_date
left join date_starts as ends on brand_clock.clock = ends.clock and campaigns.end_date + 1 = ends.local_date
where campaigns.start_date is not null or campaigns.end_date is not null;

-- name: schedules
-- One row per clock and rows of dayparting that campaigns have on it, with those campaigns: windows are worked out once
-- for all of them.
create or replace temp table schedules as
select
    row_number() over () as schedule,
    brand_clock.clock,
    dayparting.windows,
    list({ 'campaign_id': campaigns.campaign_id, 'brand_id': campaigns.brand_id }) as campaigns
from core.dayparting_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as dayparting
inner join campaigns_now as campaigns on dayparting.campaign_id = campaigns.campaign_id
inner join brand_clock on campaigns.brand_id = brand_clock.brand_id
group by
    brand_clock.clock,
    dayparting.windows;

-- name: campaign_schedules
-- One row per campaign with rows of dayparting: which schedule it has. Reads schedules.
create or replace temp table campaign_schedules as
select
    campaign.campaign_id,
    campaign.brand_id,
    schedule
from (select
    schedule,
    unnest(campaigns) as campaign
from schedules) as each_campaign;

-- name: free_spans
-- One row per campaign with a schedule, or with several spans in which no limit holds it, and such a span, within its
-- flight. Reads campaigns_now, held, flights and campaign_schedules.
create or replace temp table free_spans as
with edges as (
    select
        scope,
        id,
        unnest(
            list_zip(
                list_prepend($now::timestamptz, list_transform(spans, lambda span: span.until_at)),
                list_append(list_transform(spans, lambda span: span.from_at), 'infinity'::timestamptz)
            )
        ) as edge
    from held
),

free as (
    select
        scope,
        id,
        edge[1] as from_at,
        edge[2] as until_at
    from edges
    where edge[1] < edge[2]
),

concerned as (
    select
        wanted.campaign_id,
        wanted.brand_id,
        campaign_schedules.schedule,
        own.id is not null as has_own
    from (
        select
            scheduled.campaign_id,
            scheduled.brand_id
        from campaign_schedules as scheduled
        union
        select
            campaigns.campaign_id,
            campaigns.brand_id
        from campaigns_now as campaigns
        inner join held as by_own on by_own.scope = 'CAMPAIGN' and campaigns.campaign_id = by_own.id
        where by_own.next_held_at is not null
        union
        select
            campaigns.campaign_id,
            campaigns.brand_id
        from campaigns_now as campaigns
        inner join held as by_brand on by_brand.scope = 'BRAND' and campaigns.brand_id = by_brand.id
        anti join (
            select with_own.id from held as with_own
            where with_own.scope = 'CAMPAIGN'
        ) as held_by_own on campaigns.campaign_id = held_by_own.id
        where by_brand.next_held_at is not null
    ) as wanted
    left join campaign_schedules on wanted.campaign_id = campaign_schedules.campaign_id
    left join held as own on own.scope = 'CAMPAIGN' and wanted.campaign_id = own.id
),

spans as (
    select
        concerned.campaign_id,
        concerned.schedule,
        coalesce(free.from_at, $now::timestamptz) as from_at,
        coalesce(free.until_at, 'infinity'::timestamptz) as until_at
    from concerned
    left join held as known
        on known.scope = 'BRAND' and concerned.brand_id = known.id and not concerned.has_own
    left join free
        on
            free.scope = case when concerned.has_own then 'CAMPAIGN' else 'BRAND' end
            and free.id = case when concerned.has_own then concerned.campaign_id else concerned.brand_id end
    -- held for ever: there is no span
    where free.id is not null or not (concerned.has_own or known.id is not null)
)

select
    spans.campaign_id,
    spans.schedule,
    greatest(spans.from_at, coalesce(flights.starts_at, '-infinity'::timestamptz)) as from_at,
    spans.until_at
from spans
left join flights on spans.campaign_id = flights.campaign_id;

-- name: dates_wanted
-- One row per schedule and local date whose windows are worked out: those around $now and around each instant at which
-- a campaign is free again. Reads schedules and free_spans.
create or replace temp table dates_wanted as
with instants as (
    select
        schedule,
        $now::timestamptz as instant
    from schedules
    union
    select
        schedule,
        from_at as instant
    from free_spans
    where schedule is not null and from_at > $now::timestamptz + interval 7 days and isfinite(from_at)
)

select distinct
    schedule,
    instant::date + days.number::integer as local_date
from instants
cross join (select unnest(range(-3, 11)) as number) as days;

-- name: all_dates_wanted
-- The same for schedules whose windows touch each other for longer, or are weeks apart. Reads open_windows.
create or replace temp table dates_wanted as
with settled as (
    select schedule
    from open_windows
    where closes_at > $now
    group by schedule
    having
        min_by(closes_at, closes_at) < $now::timestamptz + interval 9 days
        and min_by(opens_at, closes_at) > $now::timestamptz - interval 2 days
),

-- at each of these a window is open, or another one opens within the dates that were looked at
found as (
    select
        wanted.schedule,
        bool_and(coalesce(open_windows.opens_at < wanted.from_at + interval 9 days, false)) as all_found
    from (
        select distinct
            schedule,
            from_at
        from free_spans
        where schedule is not null and isfinite(from_at)
    ) as wanted
    asof left join open_windows
        on wanted.schedule = open_windows.schedule and wanted.from_at < open_windows.closes_at
    group by wanted.schedule
)

select
    unsettled.schedule,
    $now::date + days.number::integer as local_date
from (
    select schedule from schedules
    except
    select settled.schedule
    from settled
    left join found on settled.schedule = found.schedule
    where coalesce(found.all_found, true)
) as unsettled
cross join (select unnest(range(-401, 402)) as number) as days;

-- name: open_windows
-- One row per schedule and window of it as instants, united with those that it overlaps or touches. Reads dates_wanted,
-- schedules and clocks.
create or replace temp table open_windows as
with rows_of_schedules as (
    select
        schedule,
        clock,
        unnest(windows) as daypart
    from schedules
),

bounds as (
    select distinct
        rows_of_schedules.schedule,
        case rows_of_schedules.daypart.clock when 'UTC' then 'UTC' else rows_of_schedules.clock end as clock,
        dates_wanted.local_date + rows_of_schedules.daypart.opens as opens,
        dates_wanted.local_date
        + case
            when rows_of_schedules.daypart.closes < rows_of_schedules.daypart.opens then 1
            else 0
        end
        + rows_of_schedules.daypart.closes as closes
    from rows_of_schedules
    inner join dates_wanted on rows_of_schedules.schedule = dates_wanted.schedule
    where list_contains(rows_of_schedules.daypart.weekdays, isodow(dates_wanted.local_date))
),

local_times as (
    select
        clock,
        opens as local_time
    from bounds
    union
    select
        clock,
        closes as local_time
    from bounds
),

-- the first and the last instant at which a clock shows a time; one that it skips is the instant of the change
instants as (
    select
        local_times.clock,
        local_times.local_time,
        min(greatest(clocks.starts_at, core.instant_of(local_times.local_time, clocks.utc_offset)))
        filter (core.instant_of(local_times.local_time, clocks.utc_offset) < clocks.ends_at) as first_at,
        max(least(clocks.ends_at, core.instant_of(local_times.local_time, clocks.utc_offset)))
        filter (core.instant_of(local_times.local_time, clocks.utc_offset) >= clocks.starts_at) as last_at
    from local_times
    inner join clocks on local_times.clock = clocks.clock
    group by
        local_times.clock,
        local_times.local_time
),

windows as (
    select
        bounds.schedule,
        opening.first_at as opens_at,
        closing.last_at as closes_at
    from bounds
    inner join instants as opening on bounds.clock = opening.clock and bounds.opens = opening.local_time
    inner join instants as closing on bounds.clock = closing.clock and bounds.closes = closing.local_time
    where opening.first_at < closing.last_at
),

marked as (
    select
        *,
        coalesce(opens_at > max(closes_at) over (
            partition by schedule
            order by opens_at
            rows between unbounded preceding and 1 preceding
        ), true) as is_apart
    from windows
),

numbered as (
    select
        *,
        sum(is_apart::integer) over (partition by schedule order by opens_at rows unbounded preceding) as island
    from marked
)

select
    schedule,
    min(opens_at) as opens_at,
    max(closes_at) as closes_at
from numbered
group by
    schedule,
    island;

-- name: earlier_windows
-- The windows found for dates around $now and the free spans, while all dates of some schedules are looked at.
create or replace temp table earlier_windows as
from open_windows;

-- name: keep_settled
-- Windows of schedules that had been settled before all dates of others were looked at.
insert into open_windows
from earlier_windows
anti join dates_wanted using (schedule);

-- name: schedule_windows
-- One row per schedule with windows: the one that is open at $now, else the next. Without instants, one that never
-- closes. Reads open_windows.
create or replace temp table schedule_windows as
with nearest as (
    select
        schedule,
        min_by(opens_at, closes_at) as opens_at,
        min(closes_at) as closes_at
    from open_windows
    where closes_at > $now
    group by schedule
)

select
    schedule,
    opens_at <= $now as is_open,
    case when closes_at < $now::timestamptz + interval 400 days then opens_at end as opens_at,
    case when closes_at < $now::timestamptz + interval 400 days then closes_at end as closes_at
from nearest;

-- name: restarts
-- One row per campaign with a schedule, or with several free spans: the first instant after $now at which no limit
-- holds it and a window is open. Reads free_spans, open_windows and campaigns_now.
create or replace temp table restarts as
with first_windows as (
    select
        wanted.schedule,
        wanted.from_at,
        greatest(wanted.from_at, open_windows.opens_at) as opens_at
    from (
        select distinct
            schedule,
            from_at
        from free_spans
        where schedule is not null
    ) as wanted
    asof inner join open_windows
        on wanted.schedule = open_windows.schedule and wanted.from_at < open_windows.closes_at
),

openings as (
    select
        free_spans.campaign_id,
        free_spans.until_at,
        first_windows.opens_at
    from free_spans
    inner join first_windows
        on free_spans.schedule = first_windows.schedule and free_spans.from_at = first_windows.from_at
    union all
    select
        free_spans.campaign_id,
        free_spans.until_at,
        case
            when campaigns.allowed_start is null or isinf(free_spans.from_at) then free_spans.from_at
            else greatest(
                free_spans.from_at,
                make_timestamptz(
                    core.window_start_us(
                        epoch_us(free_spans.from_at),
                        epoch_us(campaigns.allowed_start),
                        core.window_length_us(campaigns.allowed_start, campaigns.allowed_end)
                    )
                )
            )
        end as opens_at
    from free_spans
    inner join campaigns_now as campaigns on free_spans.campaign_id = campaigns.campaign_id
    where free_spans.schedule is null
)

select
    campaign_id,
    min(opens_at) filter (opens_at < until_at) as restarts_at
from openings
group by campaign_id;
