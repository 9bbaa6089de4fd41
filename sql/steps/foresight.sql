-- Which limits will be reached before the next decision can act: temporary tables, in the order in which they are made,
-- between those of limits and of what they hold.

-- name: reach
-- How many seconds pass from one decision until what the next one decides is served, as the decisions before promised.
set variable spendgate_reach_seconds = coalesce((
    select arg_max(decide_every_seconds + feed_grace_seconds, recorded_at)
    from internal.decision_intervals
    where recorded_at < getvariable('spendgate_known_at')
), 420);

-- name: policies_now
-- One row per brand or campaign with a policy in force at the instant decided for. Reads campaigns_now.
create or replace temp table policies_now as
with policies as not materialized (
    from core.policies_in_force(
        getvariable('spendgate_now')::timestamptz, getvariable('spendgate_known_at')::timestamptz
    )
)

select
    scope,
    id,
    id as brand_id,
    stop_early
from policies
where scope = 'BRAND'
union all
select
    policies.scope,
    policies.id,
    campaigns.brand_id,
    policies.stop_early
from policies
inner join campaigns_now as campaigns on policies.id = campaigns.campaign_id
where policies.scope = 'CAMPAIGN';

-- name: stops_before
-- One row per limit that the last decision before held, or let go, because of what it foresaw: by what was recorded
-- before $recorded_before for $decided_through or earlier.
create or replace temp table stops_before as
select
    scope,
    id,
    period,
    arg_max(brand_id, recorded_at) as brand_id,
    arg_max(is_held, recorded_at) as is_held,
    arg_max({ 'starts_at': starts_at }, recorded_at).starts_at as starts_at,
    arg_max(budget, recorded_at) as budget,
    arg_max(stopped_at, recorded_at) as stopped_at,
    arg_max(hourly_rate, recorded_at) as hourly_rate,
    arg_max(usual_rate, recorded_at) as usual_rate
from ops.early_stops
where
    recorded_at < coalesce($recorded_before, 'infinity'::timestamptz)
    and decided_at <= coalesce($decided_through, 'infinity'::timestamptz)
group by
    scope,
    id,
    period;

-- name: foreseeing_brands
-- One row: of how many brands and campaigns limits are foreseen. Reads policies_now.
select count(*) as policies
from policies_now
where stop_early <> 'off';

-- name: recent_costs
-- One row per cost, or correction, of the last hour of a brand whose limits are foreseen, of six hours where it is to
-- be learned how late costs are known. Reads policies_now.
create or replace temp table recent_costs as
select
    costs.brand_id,
    costs.campaign_id,
    costs.amount,
    costs.transaction_type = 'COST' as is_cost,
    costs.occurred_at,
    costs.recorded_at as known_at
from mart.costs_as_known(getvariable('spendgate_known_at')) as costs
inner join (
    select
        brand_id,
        bool_or(stop_early = 'learned') as is_learned
    from policies_now
    where stop_early <> 'off'
    group by brand_id
) as foreseeing on costs.brand_id = foreseeing.brand_id
where
    costs.occurred_at <= getvariable('spendgate_now')
    and costs.occurred_at > getvariable('spendgate_now') - interval 6 hours
    and (foreseeing.is_learned or costs.occurred_at > getvariable('spendgate_now') - interval 1 hour);

-- name: foreseen
-- One row per limit that is not reached and is held, because what is spent of it, and what will be until the next
-- decision can act, is its budget; with the numbers, and until when it is held with no new spend. Reads limits,
-- policies_now, recent_costs and stops_before.
--
-- How fast a limit is spent is as fast as within any horizon of its last hour, up to the last cost that is known: what
-- has not arrived yet is not taken for silence. Once held, nothing is spent that would tell, so the rates of then
-- stand, and a burst passes: what the highest rate has above that of the whole hour counts half after each hour. The
-- hold lasts until what is left of the budget is more than that, and two horizons at the rate of the whole hour, would
-- spend; an hour at least, so that nothing flaps. It ends with the period and with another budget.
create or replace temp table foreseen as
-- how long nine of ten costs take until they are known; what comes later than an hour is late, not slow
with load_times as (
    select
        brand_id,
        quantile_disc(seconds, 0.9) as load_seconds
    from (
        select
            brand_id,
            (epoch_us(known_at) - epoch_us(occurred_at)) // 1_000_000 as seconds
        from recent_costs
        where is_cost
    ) as costs
    where seconds between 0 and 3599
    group by brand_id
),

watched as (
    select
        limits.*,
        case coalesce(own.stop_early, of_brand.stop_early)
            when 'learned'
                then getvariable('spendgate_reach_seconds') + coalesce(load_times.load_seconds, 60)
            else 60 * coalesce(own.stop_early, of_brand.stop_early)::integer
        end::bigint as horizon_seconds,
        least(horizon_seconds, 3600) as window_seconds
    from limits
    left join policies_now as of_brand on of_brand.scope = 'BRAND' and limits.brand_id = of_brand.id
    left join policies_now as own
        on own.scope = 'CAMPAIGN' and limits.scope = 'CAMPAIGN' and limits.id = own.id
    left join load_times on limits.brand_id = load_times.brand_id
    where
        coalesce(own.stop_early, of_brand.stop_early, 'off') <> 'off'
        and not limits.reached
        and limits.budget > 0
),

-- what was spent within one horizon, or an hour of a longer one, up to each cost
windows as (
    select
        watched.place,
        watched.id,
        watched.window_seconds,
        costs.amount,
        costs.occurred_at,
        costs.is_cost,
        sum(costs.amount) over (
            partition by watched.place, watched.id
            order by epoch_us(costs.occurred_at)
            range between 1_000_000 * watched.window_seconds preceding and current row -- noqa: PRS
        ) as spend
    from watched
    inner join recent_costs as costs
        on watched.brand_id = costs.brand_id and (watched.scope = 'BRAND' or watched.id = costs.campaign_id)
    where
        costs.occurred_at > getvariable('spendgate_now') - interval 1 hour
        and costs.occurred_at >= coalesce(watched.starts_at, '-infinity'::timestamptz)
),

rates as (
    select
        place,
        id,
        -- a period that has just begun, or a cost by itself, counts as five minutes
        greatest(epoch(max(occurred_at) filter (is_cost) - min(occurred_at) filter (is_cost)), 300) as span_seconds,
        3600 * max(spend)::double / least(any_value(window_seconds), span_seconds) as hourly_rate,
        3600 * sum(amount)::double / span_seconds as usual_rate
    from windows
    group by
        place,
        id
),

measured as (
    select
        watched.*,
        -- a stop of this very period, by this budget
        coalesce(
            stops.is_held
            and stops.starts_at is not distinct from watched.starts_at
            and stops.budget = watched.budget,
            false
        ) as was_held,
        case when was_held then stops.stopped_at else getvariable('spendgate_now') end as stopped_at,
        case when was_held then stops.hourly_rate else coalesce(rates.hourly_rate, 0) end::decimal(38, 9)
            as hourly_rate,
        case when was_held then stops.usual_rate else coalesce(rates.usual_rate, 0) end::decimal(38, 9) as usual_rate
    from watched
    left join rates on watched.place = rates.place and watched.id = rates.id
    left join stops_before as stops
        on watched.scope = stops.scope and watched.id = stops.id and watched.period = stops.period
),

projected as (
    select
        *,
        (spend + hourly_rate::double * horizon_seconds / 3600)::decimal(38, 9) as projected_spend,
        budget - spend - 2 * usual_rate::double * horizon_seconds / 3600 as left_by_usual_rate,
        (hourly_rate - usual_rate)::double * horizon_seconds / 3600 as spent_by_burst,
        least(
            coalesce(ends_at, 'infinity'::timestamptz),
            case
                when left_by_usual_rate <= 0 then 'infinity'::timestamptz
                when spent_by_burst <= 2 * left_by_usual_rate then stopped_at + interval 1 hour
                else stopped_at + to_seconds(3600 * log2(spent_by_burst / left_by_usual_rate))
            end
        ) as held_until
    from measured
)

select
    place,
    scope,
    id,
    brand_id,
    period,
    starts_at,
    spend,
    budget,
    hourly_rate,
    usual_rate,
    horizon_seconds,
    projected_spend,
    stopped_at,
    held_until
from projected
where
    case
        when was_held then held_until > getvariable('spendgate_now')
        else hourly_rate > 0 and projected_spend >= budget
    end;

-- name: mark_limits
-- The limits that are held for what is foreseen. Reads foreseen.
update limits
set foreseen = true
from foreseen
where limits.place = foreseen.place and limits.id = foreseen.id;

-- name: foreseen_reasons
-- One row per brand or campaign with a limit of its own that is foreseen: the reason that is named, and all of them.
-- Reads foreseen.
create or replace temp table foreseen_reasons as
select
    foreseen.scope,
    foreseen.id,
    'PROJECTED_' || arg_min(kinds.reason, foreseen.place) as reason,
    list(
        {
            'scope': foreseen.scope,
            'period': foreseen.period,
            'spend': foreseen.spend,
            'budget': foreseen.budget,
            'hourly_rate': foreseen.hourly_rate,
            'horizon_seconds': foreseen.horizon_seconds,
            'projected_spend': foreseen.projected_spend,
            'stopped_at': foreseen.stopped_at
        }
        order by foreseen.place
    ) as limits_projected
from foreseen
inner join internal.limit_kinds as kinds on foreseen.place = kinds.place
group by
    foreseen.scope,
    foreseen.id;
