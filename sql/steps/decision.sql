-- Which campaigns may run: temporary tables, in the order in which they are made.

-- name: brand_clock
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
    turns.timezone,
    in_force.daily_budget,
    in_force.monthly_budget,
    in_force.is_active,
    turns.local_date,
    turns.local_month,
    turns.next_day_at,
    turns.next_month_at
from core.brands_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as in_force
inner join core.brand_zones_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as in_force_zones
    on in_force.brand_id = in_force_zones.brand_id
inner join turns on in_force_zones.timezone = turns.timezone
where $brand_id is null or in_force.brand_id = $brand_id;

-- name: brand_spend_from_marts
-- One row per brand of brand_clock: its spend so far this day and month beside its budgets. What happened after $now
-- does not count, nor does a batch the marts do not hold yet.
create or replace temp table brand_now as
with days as (
    select
        period_spend.brand_id,
        sum(period_spend.spend) as spend
    from mart.period_spend
    inner join brand_clock as brands
        on period_spend.brand_id = brands.brand_id and period_spend.starts_on = brands.local_date
    where period_spend.period = 'DAY'
    group by period_spend.brand_id
),

months as (
    select
        period_spend.brand_id,
        sum(period_spend.spend) as spend
    from mart.period_spend
    inner join brand_clock as brands
        on period_spend.brand_id = brands.brand_id and period_spend.starts_on = brands.local_month
    where period_spend.period = 'MONTH'
    group by period_spend.brand_id
),

corrections as (
    -- taken off: what the marts hold and has not happened at $now
    select
        brand_id,
        occurred_at,
        -amount as amount
    from core.transactions
    where
        transaction_type = 'COST'
        and occurred_at > $now
        and occurred_at < $now::timestamptz + interval 32 days
        and batch_id <= ops.summed_batch('infinity'::timestamptz)
),

offsets as (
    select
        brands.brand_id,
        brands.local_date,
        brands.local_month,
        periods.starts_at,
        periods.ends_at,
        periods.utc_offset
    from brand_clock as brands
    inner join
        core.brand_offsets(
            'infinity'::timestamptz,
            $now::timestamptz,
            $now::timestamptz + interval 32 days
        ) as periods
        on brands.brand_id = periods.brand_id
),

corrected as (
    select
        corrections.brand_id,
        sum(corrections.amount)
        filter (where core.local_time(corrections.occurred_at, offsets.utc_offset)::date = offsets.local_date)
            as day_spend,
        sum(corrections.amount) as month_spend
    from corrections
    inner join offsets
        on
            corrections.brand_id = offsets.brand_id
            and corrections.occurred_at >= offsets.starts_at
            and corrections.occurred_at < offsets.ends_at
    where date_trunc('month', core.local_time(corrections.occurred_at, offsets.utc_offset)) = offsets.local_month
    group by corrections.brand_id
)

select
    brands.brand_id,
    brands.name,
    brands.timezone,
    brands.local_date,
    (coalesce(days.spend, 0) + coalesce(corrected.day_spend, 0))
    ::decimal(38, 9) as daily_spend,
    brands.daily_budget,
    (coalesce(months.spend, 0) + coalesce(corrected.month_spend, 0))
    ::decimal(38, 9) as monthly_spend,
    brands.monthly_budget,
    brands.is_active,
    brands.next_day_at,
    brands.next_month_at
from brand_clock as brands
left join days on brands.brand_id = days.brand_id
left join months on brands.brand_id = months.brand_id
left join corrected on brands.brand_id = corrected.brand_id;

-- name: brand_spend_from_ledger
-- The same as brand_now, added up from the ledger itself, from what could be seen at $known_at.
create or replace temp table brand_now as
select
    brand_clock.brand_id,
    brand_clock.name,
    brand_clock.timezone,
    brand_clock.local_date,
    spent.daily_spend,
    brand_clock.daily_budget,
    spent.monthly_spend,
    brand_clock.monthly_budget,
    brand_clock.is_active,
    brand_clock.next_day_at,
    brand_clock.next_month_at
from brand_clock
inner join
    mart.brand_spend_as_known(
        $now::timestamptz, coalesce($known_at, 'infinity'::timestamptz), only_brand := $brand_id::bigint
    ) as spent
    using (brand_id);

-- name: current_statuses
-- One row per campaign that has a status: the one it has now.
create or replace temp table statuses as
select
    campaign_id,
    status,
    paused_until
from ops.campaign_status;

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
-- (end of a pause, enforce, stop, start), and the first instant at which, with no new spend, that would change. What
-- happens after $now is new spend, even when it has been delivered already. Reads brand_now and statuses.
create or replace temp table decided as
with current as (
    select
        campaigns.campaign_id,
        campaigns.brand_id,
        statuses.status as recorded_status,
        -- as numbers, of a million campaigns they are compared a fifth faster than as texts
        coalesce(statuses.status, campaigns.status)::campaign_status as status,
        statuses.paused_until,
        epoch_us(campaigns.allowed_start) as opens_us,
        -- 22:00-04:00 closes on the next day
        epoch_us(campaigns.allowed_end) - epoch_us(campaigns.allowed_start)
        + case when campaigns.allowed_end < campaigns.allowed_start then 86400000000 else 0 end as length_us
    from core.campaigns_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as campaigns
    left join statuses using (campaign_id)
),

evaluated as (
    select
        current.*,
        brand_now.* exclude (brand_id),
        coalesce(brand_now.daily_spend >= brand_now.daily_budget, false) as daily_reached,
        coalesce(brand_now.monthly_spend >= brand_now.monthly_budget, false) as monthly_reached,
        daily_reached or monthly_reached as budget_reached,
        core.window_start_us(epoch_us($now), current.opens_us, current.length_us) as starts_us,
        coalesce(starts_us <= epoch_us($now), true) as window_open
    from current
    inner join brand_now using (brand_id)
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

enforced as (
    select
        *,
        case
            when resumed_status = 'RUNNING' and budget_reached then 'BUDGET_REACHED'::campaign_status
            when resumed_status = 'BUDGET_REACHED' and not budget_reached then 'SCHEDULED'::campaign_status
            else resumed_status
        end as enforced_status
    from resumed
),

stopped as (
    select
        *,
        case
            when enforced_status = 'RUNNING' and not (is_active and window_open) then 'SCHEDULED'::campaign_status
            else enforced_status
        end as stopped_status
    from enforced
),

started as (
    select
        *,
        case
            when stopped_status = 'SCHEDULED' and is_active and window_open and not budget_reached
                then 'RUNNING'::campaign_status
            else stopped_status
        end as final_status,
        case
            when not budget_reached then $now
            when daily_budget = 0 or monthly_budget = 0 then 'infinity'::timestamptz
            when monthly_reached then next_month_at
            else next_day_at
        end as released_at
    from stopped
),

restarted as (
    select
        *,
        case
            when not is_active or isinf(released_at) then 'infinity'::timestamptz
            else greatest(
                released_at,
                make_timestamptz(core.window_start_us(epoch_us(released_at), opens_us, length_us))
            )
        end as restarts_at
    from started
)

select
    campaign_id,
    brand_id,
    recorded_status,
    status,
    resumed_status,
    enforced_status,
    stopped_status,
    final_status,
    case when final_status = 'PAUSED' then paused_until end as paused_until,
    is_active,
    daily_reached,
    window_open,
    make_timestamptz(starts_us) as window_start,
    make_timestamptz(starts_us + length_us) as window_end,
    nullif(
        case final_status
            -- a window of 24 hours opens again as it closes
            when 'RUNNING'
                then case when length_us < 86400000000 then make_timestamptz(starts_us + length_us) end
            when 'SCHEDULED' then restarts_at
            when 'BUDGET_REACHED' then released_at
            when 'PAUSED' then paused_until
        end,
        'infinity'::timestamptz
    ) as next_change_at
from restarted;

-- name: evidence
-- One row per campaign: what is stored beside a change of its status. Reads decided and brand_now.
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
    decided.window_end
from decided
inner join brand_now on decided.brand_id = brand_now.brand_id;

-- name: transitions
-- One row per change of a status that the decision makes, in order. Reads decided.
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
    enforced_status as to_status,
    case
        when enforced_status = 'SCHEDULED' then 'UNDER_BUDGET'
        when daily_reached then 'DAILY_BUDGET_REACHED'
        else 'MONTHLY_BUDGET_REACHED'
    end as reason
from decided
where enforced_status <> resumed_status
union all
select
    campaign_id,
    3 as step,
    enforced_status as from_status,
    stopped_status as to_status,
    case when is_active then 'WINDOW_CLOSED' else 'BRAND_INACTIVE' end as reason
from decided
where stopped_status <> enforced_status
union all
select
    campaign_id,
    4 as step,
    stopped_status as from_status,
    final_status as to_status,
    case when window_start is null then 'NO_WINDOW' else 'WINDOW_OPEN' end as reason
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
