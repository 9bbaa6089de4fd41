-- One row per brand or campaign of which only campaigns with windows are RUNNING: until when one of them is open on the
-- local date of the last decision, and between which local times none is before that.
--
-- Many campaigns share few schedules, so those are worked out once for each clock; the schedules of a brand are united.
create or replace view internal.closed_today as
with decided as (
    select arg_max(decided_at, decision_id) as as_of
    from ops.decisions
),

clocks as (
    select
        zones.timezone,
        core.local_time(decided.as_of, offsets.utc_offset) as local_now,
        core.local_time(decided.as_of, 0) as utc_now,
        offsets.utc_offset
    from (select distinct timezone from mart.brand_budget) as zones
    cross join decided
    asof inner join core.utc_offsets as offsets
        on zones.timezone = offsets.timezone and decided.as_of >= offsets.starts_at
),

running as (
    select
        status.campaign_id,
        status.brand_id,
        brands.timezone,
        dayparting.windows
    from internal.campaign_status as status
    inner join mart.brand_budget as brands on status.brand_id = brands.brand_id
    left join core.dayparting_in_force((select as_of from decided), 'infinity'::timestamptz) as dayparting
        on status.campaign_id = dayparting.campaign_id
    where status.status = 'RUNNING'
),

schedules as (
    select
        timezone,
        windows,
        row_number() over () as schedule
    from running
    where windows is not null
    group by
        timezone,
        windows
),

scheduled as (
    select
        running.campaign_id,
        running.brand_id,
        schedules.schedule
    from running
    inner join schedules on running.timezone = schedules.timezone and running.windows = schedules.windows
),

-- each window on the date of its own clock, the one before and the one after, as times of the brand's clock
placed as (
    select
        rows_of_schedules.schedule,
        clocks.local_now,
        clocks.utc_offset,
        rows_of_schedules.opens,
        rows_of_schedules.closes,
        rows_of_schedules.weekdays,
        case rows_of_schedules.clock when 'UTC' then clocks.local_now - clocks.utc_now else interval 0 hour end
            as ahead_of_clock,
        (clocks.local_now - ahead_of_clock)::date + days.number as local_date
    from (
        select
            timezone,
            schedule,
            unnest(windows, max_depth := 2) -- noqa: AL03
        from schedules
    ) as rows_of_schedules
    inner join clocks on rows_of_schedules.timezone = clocks.timezone
    cross join (values (-1), (0), (1)) as days (number)
),

windows as (
    select
        schedule,
        local_now,
        utc_offset,
        local_date + opens + ahead_of_clock as from_at,
        local_date + closes + to_days((closes <= opens)::integer) + ahead_of_clock as until_at
    from placed
    where
        list_contains(weekdays, isodow(local_date))
        and until_at > local_now
        and from_at < date_trunc('day', local_now) + interval 1 day
),

of_owners as (
    select
        'BRAND' as scope,
        brands.brand_id as id,
        windows.*
    from (
        select distinct
            brand_id,
            schedule
        from scheduled
    ) as brands
    inner join windows on brands.schedule = windows.schedule
    anti join (
        select brand_id from running
        where windows is null
    ) as without_windows on brands.brand_id = without_windows.brand_id
    union all
    select
        'SCHEDULE' as scope,
        schedule as id,
        *
    from windows
),

-- none is open between the latest close so far and an opening after it
followed as (
    select
        *,
        max(until_at) over (
            partition by scope, id
            order by from_at, until_at
            rows between unbounded preceding and 1 preceding
        ) as closed_from
    from of_owners
),

closed as (
    select
        scope,
        id,
        core.instant_of(max(until_at), any_value(utc_offset)) as open_until,
        coalesce(
            list({ 'from_at': closed_from, 'until_at': from_at }) filter (from_at > closed_from), []
        ) as closed
    from followed
    group by
        scope,
        id
)

select *
from closed
where scope = 'BRAND'
union all
select
    'CAMPAIGN' as scope,
    scheduled.campaign_id as id,
    closed.open_until,
    closed.closed
from scheduled
inner join closed on closed.scope = 'SCHEDULE' and scheduled.schedule = closed.id;
comment on view internal.closed_today is 'One row per brand or campaign of which only campaigns with windows are RUNNING: until when one of them is open on the local date of the last decision, and between which local times none is before that.';
comment on column internal.closed_today.open_until is 'first instant after the last window of the date';
comment on column internal.closed_today.closed is 'the spans of local time before that in which none is open';
