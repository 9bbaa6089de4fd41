-- Which campaigns may run: temporary tables, in the order in which they are made, after those of clocks, limits and
-- windows.

-- name: brand_now
-- One row per brand: its spend so far this day and month beside the budgets in force. Reads brand_clock, clocks,
-- bucket_spend and limits.
create or replace temp table brand_now as
with clock_dates as (
    select
        clock,
        core.local_time($now::timestamptz, utc_offset)::date as local_date
    from clocks
    where starts_at <= $now and ends_at > $now
),

spends as (
    select
        bucket_spend.id,
        max(case when bucket_spend.period = 'DAY' then bucket_spend.spend end) as daily_spend,
        max(case when bucket_spend.period = 'MONTH' then bucket_spend.spend end) as monthly_spend
    from bucket_spend
    inner join brand_clock on bucket_spend.id = brand_clock.brand_id
    inner join clock_dates on brand_clock.clock = clock_dates.clock
    where
        bucket_spend.scope = 'BRAND'
        and bucket_spend.bucket
        = case bucket_spend.period
            when 'DAY' then clock_dates.local_date::timestamp
            when 'MONTH' then date_trunc('month', clock_dates.local_date::timestamp)
        end
    group by bucket_spend.id
),

budgets as (
    select
        id,
        max(case when period = 'DAY' then budget end) as daily_budget,
        max(case when period = 'MONTH' then budget end) as monthly_budget
    from limits
    where scope = 'BRAND' and period in ('DAY', 'MONTH')
    group by id
)

select
    brand_clock.brand_id,
    brand_clock.name,
    brand_clock.timezone,
    clock_dates.local_date,
    coalesce(spends.daily_spend, 0)::decimal(38, 9) as daily_spend,
    budgets.daily_budget,
    coalesce(spends.monthly_spend, 0)::decimal(38, 9) as monthly_spend,
    budgets.monthly_budget,
    brand_clock.is_active,
    brand_clock.currency
from brand_clock
inner join clock_dates on brand_clock.clock = clock_dates.clock
left join spends on brand_clock.brand_id = spends.id
left join budgets on brand_clock.brand_id = budgets.id;

-- name: current_statuses
-- One row per campaign that has a status: the one it has now.
create or replace temp table statuses as
select
    campaign_id,
    status,
    paused_until
from internal.campaign_status;

-- name: statuses_as_of
-- One row per campaign that had a status: the one it had by the changes recorded before $recorded_before that were made
-- for $decided_through or earlier. All campaigns, or the one of $campaign_id.
create or replace temp table statuses as
select
    campaign_id,
    arg_max(to_status, change_id) as status,
    arg_max({ 'at': paused_until }, change_id).at as paused_until
from ops.campaign_status_changes
where
    recorded_at < coalesce($recorded_before, 'infinity'::timestamptz)
    and decided_at <= coalesce($decided_through, 'infinity'::timestamptz)
    and ($campaign_id is null or campaign_id = $campaign_id)
group by campaign_id;

-- name: decided
-- One row per campaign in force at $now, as known at $known_at: the status a decision at $now gives it, step by step
-- (end of a pause, complete, enforce, stop, start), and the first instant at which, with no new spend, that would
-- change. What happens after $now is new spend, even when it has been delivered already. Reads campaigns_now,
-- brand_now, statuses, held, flights, campaign_schedules, schedule_windows and restarts.
create or replace temp table decided as
with current as (
    select
        campaigns.campaign_id,
        campaigns.brand_id,
        statuses.status as recorded_status,
        -- as numbers, of a million campaigns they are compared a fifth faster than as texts
        coalesce(statuses.status, campaigns.status)::campaign_status as status,
        statuses.paused_until,
        campaign_schedules.schedule,
        case when campaign_schedules.schedule is null then epoch_us(campaigns.allowed_start) end as opens_us,
        core.window_length_us(campaigns.allowed_start, campaigns.allowed_end) as length_us,
        flights.starts_at as flight_starts_at,
        flights.ends_at as flight_ends_at
    from campaigns_now as campaigns
    left join statuses on campaigns.campaign_id = statuses.campaign_id
    left join flights on campaigns.campaign_id = flights.campaign_id
    left join campaign_schedules on campaigns.campaign_id = campaign_schedules.campaign_id
),

evaluated as (
    select
        current.*,
        brand_now.is_active,
        case when own.id is null then of_brand.held_until else own.held_until end as held_to,
        case when own.id is null then of_brand.next_held_at else own.next_held_at end as held_again_at,
        held_to is not null as budget_reached,
        core.window_start_us(epoch_us($now), current.opens_us, current.length_us) as starts_us,
        current.schedule is not null or current.opens_us is not null as has_window,
        case
            when current.schedule is not null then coalesce(windows.is_open, false)
            else coalesce(starts_us <= epoch_us($now), true)
        end as window_open,
        case when current.schedule is not null then windows.opens_at else make_timestamptz(starts_us) end
            as window_start,
        case
            when current.schedule is not null then windows.closes_at
            else make_timestamptz(starts_us + current.length_us)
        end as window_end,
        coalesce(current.flight_starts_at > $now, false) as not_begun,
        coalesce(current.flight_ends_at <= $now, false) as is_over
    from current
    inner join brand_now on current.brand_id = brand_now.brand_id
    left join held as of_brand on of_brand.scope = 'BRAND' and current.brand_id = of_brand.id
    left join held as own on own.scope = 'CAMPAIGN' and current.campaign_id = own.id
    left join schedule_windows as windows on current.schedule = windows.schedule
),

resumed as (
    select
        *,
        case
            when status = 'PAUSED' and paused_until <= $now then 'SCHEDULED'::campaign_status
            else status
        end as resumed_status
    from evaluated
),

completed as (
    select
        *,
        case
            when is_over and resumed_status in ('RUNNING', 'SCHEDULED', 'BUDGET_REACHED')
                then 'COMPLETED'::campaign_status
            else resumed_status
        end as completed_status
    from resumed
),

enforced as (
    select
        *,
        case
            when completed_status = 'RUNNING' and budget_reached then 'BUDGET_REACHED'::campaign_status
            when completed_status = 'BUDGET_REACHED' and not budget_reached then 'SCHEDULED'::campaign_status
            else completed_status
        end as enforced_status
    from completed
),

stopped as (
    select
        *,
        case
            when enforced_status = 'RUNNING' and (not is_active or not_begun or not window_open)
                then 'SCHEDULED'::campaign_status
            else enforced_status
        end as stopped_status
    from enforced
),

started as (
    select
        *,
        case
            when
                stopped_status = 'SCHEDULED' and is_active and not not_begun and window_open and not budget_reached
                then 'RUNNING'::campaign_status
            else stopped_status
        end as final_status,
        greatest(coalesce(held_to, $now::timestamptz), coalesce(flight_starts_at, $now::timestamptz)) as free_at
    from stopped
),

restarted as (
    select
        started.*,
        case
            when not started.is_active then 'infinity'::timestamptz
            when restarts.campaign_id is not null then coalesce(restarts.restarts_at, 'infinity'::timestamptz)
            when started.schedule is not null or isinf(started.free_at) then 'infinity'::timestamptz
            else greatest(
                started.free_at,
                make_timestamptz(
                    core.window_start_us(epoch_us(started.free_at), started.opens_us, started.length_us)
                )
            )
        end as restarts_at
    from started
    left join restarts on started.campaign_id = restarts.campaign_id
),

changing as (
    select
        *,
        case final_status
            when 'RUNNING'
                then least(
                    coalesce(flight_ends_at, 'infinity'::timestamptz),
                    coalesce(held_again_at, 'infinity'::timestamptz),
                    case
                        -- a window of 24 hours opens again as it closes
                        when schedule is null and length_us >= 86400000000 then 'infinity'::timestamptz
                        else coalesce(window_end, 'infinity'::timestamptz)
                    end
                )
            when 'SCHEDULED' then least(coalesce(flight_ends_at, 'infinity'::timestamptz), restarts_at)
            when 'BUDGET_REACHED' then least(coalesce(flight_ends_at, 'infinity'::timestamptz), held_to)
            when 'PAUSED' then paused_until
        end as changes_at
    from restarted
)

select
    campaign_id,
    brand_id,
    recorded_status,
    status,
    resumed_status,
    completed_status,
    enforced_status,
    stopped_status,
    final_status,
    case when final_status = 'PAUSED' then paused_until end as paused_until,
    is_active,
    not_begun,
    flight_starts_at,
    flight_ends_at,
    has_window,
    window_open,
    window_start,
    window_end,
    case when changes_at < $now::timestamptz + interval 400 days then changes_at end as next_change_at
from changing;

-- name: evidence
-- One row per campaign: what is stored beside a change of its status. Reads decided, brand_now, reached and
-- foreseen_reasons.
create or replace temp view decision_evidence as
select
    decided.campaign_id,
    decided.brand_id,
    brand_now.daily_spend,
    brand_now.daily_budget,
    brand_now.monthly_spend,
    brand_now.monthly_budget,
    brand_now.local_date,
    brand_now.timezone,
    decided.window_start,
    decided.window_end,
    list_concat(coalesce(of_brand.limits_reached, []), coalesce(own.limits_reached, [])) as limits_reached,
    list_concat(coalesce(brand_ahead.limits_projected, []), coalesce(own_ahead.limits_projected, []))
        as limits_projected
from decided
inner join brand_now on decided.brand_id = brand_now.brand_id
left join reached as of_brand on of_brand.scope = 'BRAND' and decided.brand_id = of_brand.id
left join reached as own on own.scope = 'CAMPAIGN' and decided.campaign_id = own.id
left join foreseen_reasons as brand_ahead on brand_ahead.scope = 'BRAND' and decided.brand_id = brand_ahead.id
left join foreseen_reasons as own_ahead on own_ahead.scope = 'CAMPAIGN' and decided.campaign_id = own_ahead.id;

-- name: transitions
-- One row per change of a status that the decision makes, in order. Reads decided, reached and foreseen_reasons.
create or replace temp table transitions as
select
    campaign_id,
    0 as step,
    null as from_status,
    status as to_status,
    'INITIAL' as reason
from decided
where recorded_status is null
union all
select
    campaign_id,
    1 as step,
    status as from_status,
    resumed_status as to_status,
    'PAUSE_ENDED' as reason
from decided
where resumed_status <> status
union all
select
    campaign_id,
    2 as step,
    resumed_status as from_status,
    completed_status as to_status,
    'FLIGHT_ENDED' as reason
from decided
where completed_status <> resumed_status
union all
select
    decided.campaign_id,
    3 as step,
    decided.completed_status as from_status,
    decided.enforced_status as to_status,
    case
        when decided.enforced_status = 'SCHEDULED' then 'UNDER_BUDGET'
        else coalesce(of_brand.reason, own.reason, brand_ahead.reason, own_ahead.reason)
    end as reason
from decided
left join reached as of_brand on of_brand.scope = 'BRAND' and decided.brand_id = of_brand.id
left join reached as own on own.scope = 'CAMPAIGN' and decided.campaign_id = own.id
left join foreseen_reasons as brand_ahead on brand_ahead.scope = 'BRAND' and decided.brand_id = brand_ahead.id
left join foreseen_reasons as own_ahead on own_ahead.scope = 'CAMPAIGN' and decided.campaign_id = own_ahead.id
where decided.enforced_status <> decided.completed_status
union all
select
    campaign_id,
    4 as step,
    enforced_status as from_status,
    stopped_status as to_status,
    case
        when not is_active then 'BRAND_INACTIVE'
        when not_begun then 'FLIGHT_NOT_STARTED'
        else 'WINDOW_CLOSED'
    end as reason
from decided
where stopped_status <> enforced_status
union all
select
    campaign_id,
    5 as step,
    stopped_status as from_status,
    final_status as to_status,
    case when has_window then 'WINDOW_OPEN' else 'NO_WINDOW' end as reason
from decided
where final_status <> stopped_status;

-- name: summary
-- One row: how many campaigns were evaluated, how many would change, and when the next change is expected.
select
    count(*) as campaigns,
    count(*) filter (where campaign_id in (select campaign_id from transitions)) as due,
    min(next_change_at) as next_change_at
from decided;

-- name: due_transitions
-- One row per change that is due, in order.
select
    transitions.campaign_id,
    decided.brand_id,
    transitions.from_status,
    transitions.to_status,
    transitions.reason
from transitions
inner join decided using (campaign_id)
order by transitions.campaign_id, transitions.step;

-- name: as_of_bounds
-- One row, when $now lies before the newest decision: until when was recorded what could be seen then (null: nothing),
-- and which changes had been made. An instant that was decided for stands for that decision, any other one for the time
-- between two. With $seen_then also for the newest decision itself.
with next_decision as (
    select *
    from ops.decisions
    where decided_at >= $now
    order by decided_at <> $now, decision_id
    limit 1
)

select
    case when decided_at = $now then recorded_at else (
        select earlier.recorded_at from ops.decisions as earlier
        where earlier.decision_id = next_decision.decision_id - 1
    ) end as known_at,
    recorded_at as recorded_before,
    case when decided_at = $now then 'infinity'::timestamptz else $now end as decided_through
from next_decision
where $seen_then or $now < (select max(decided_at) from ops.decisions);
