-- One row per limit in force, as of the last decision: whether it is spent faster or slower than the brand's own
-- history says, and when it will be used up.
--
-- Everything is counted in hours of usual spend: an hour weighs as much as the brand's profile says for its hour of the
-- day and its weekday. Laid end to end from a Monday long ago, they make a scale on which every local time has its
-- place: what lies between two of them is a difference.

-- the place of a local time on the scale
create or replace macro core.weight_until(until_hour, until_weekday, local_time) as
until_hour[25] * (
    until_weekday[8] * ((local_time::date - '1970-01-05'::date) // 7)
    + until_weekday[isodow(local_time)]
)
+ (until_weekday[isodow(local_time) + 1] - until_weekday[isodow(local_time)])
* (
    until_hour[hour(local_time) + 1]
    + (until_hour[hour(local_time) + 2] - until_hour[hour(local_time) + 1])
    * (minute(local_time) * 60 + second(local_time)) / 3600
);

create or replace macro mart.pace_of(limits_then) as table -- noqa: PRS
    with placed as (
        select
            -- by name: the relation may have other columns
            limits.scope,
            limits.id,
            limits.brand_id,
            limits.period,
            limits.as_of,
            limits.starts_at,
            limits.ends_at,
            limits.spend,
            limits.budget,
            limits.timezone,
            limits.recent_spend,
            limits.usual_rate,
            limits.until_hour,
            limits.until_weekday,
            limits.dispersion,
            limits.usual_hours,
            limits.closed,
            -- no further than two months: what lies beyond is not foreseen
            least(
                coalesce(limits.ends_at, 'infinity'::timestamptz),
                coalesce(limits.runs_until, 'infinity'::timestamptz),
                limits.as_of + interval 62 days
            ) as runs_until,
            case
                when limits.reached then 'it is reached'
                when limits.budget <= 0 then 'its budget is 0'
                when not limits.may_run then 'nothing may run'
                when limits.spend <= 0 then 'nothing is spent'
                when limits.days is null then 'there is no history'
                when coalesce(limits.recent_spend, 0) <= 0 then 'nothing was spent in the last hour'
            end as unknown_because
        from query_table(limits_then) as limits
    ),

    clocked as (
        select
            placed.*,
            offsets.utc_offset,
            core.local_time(placed.as_of, offsets.utc_offset) as local_now,
            core.local_time(placed.starts_at, offsets.utc_offset) as local_start,
            core.local_time(placed.ends_at, offsets.utc_offset) as local_end,
            core.local_time(placed.runs_until, offsets.utc_offset) as local_until
        from placed
        asof left join core.utc_offsets as offsets
            on placed.timezone = offsets.timezone and placed.as_of >= offsets.starts_at
        where placed.unknown_because is null
    ),

    weighed as (
        select
            *,
            core.weight_until(until_hour, until_weekday, local_now) as weight_now,
            weight_now - core.weight_until(until_hour, until_weekday, local_start) as weight_before,
            core.weight_until(until_hour, until_weekday, local_end) - weight_now as weight_after,
            core.weight_until(until_hour, until_weekday, local_until) - weight_now as weight_ahead,
            greatest(
                weight_now - core.weight_until(until_hour, until_weekday, local_now - interval 1 hour), 0.05
            ) as recent_weight
        from clocked
    ),

    levelled as (
        select
            *,
            weight_before / nullif(weight_before + weight_after, 0) as expected_share,
            -- for how many hours what is usual counts: fewer, the farther the last hour is from it
            case
                when usual_rate is null then 0
                else
                    usual_hours
                    * coalesce(
                        least(
                            1,
                            4 * dispersion * usual_rate * recent_weight
                            / greatest((recent_spend - usual_rate * recent_weight) ^ 2, 1e-9)
                        ),
                        1
                    )
            end as hours_counted,
            -- what one usual hour spends
            (recent_spend + coalesce(usual_rate, 0) * hours_counted) / (recent_weight + hours_counted)
                as rate_of_usual_hour,
            (budget - spend)::double / rate_of_usual_hour as weight_wanted
        from weighed
    ),

    -- spans in which nothing may run: each is passed over if what comes before it is not enough
    spans as (
        select
            scope,
            id,
            period,
            as_of,
            weight_wanted,
            core.weight_until(until_hour, until_weekday, span.from_at) - weight_now as weight_to,
            core.weight_until(until_hour, until_weekday, span.until_at) - weight_now - weight_to as weight_of_span
        from (
            select
                *,
                unnest(closed) as span
            from levelled
            where len(closed) > 0
        ) as unnested
    ),

    closed_spans as (
        select
            *,
            weight_wanted > weight_to + weight_of_span - sum(weight_of_span) over (
                partition by scope, id, period, as_of
                order by weight_to
                rows unbounded preceding
            ) as is_passed
        from spans
    ),

    shut as (
        select
            scope,
            id,
            period,
            as_of,
            sum(weight_of_span) as weight,
            coalesce(sum(weight_of_span) filter (is_passed), 0) as weight_passed
        from closed_spans
        group by all
    ),

    projected as (
        select
            levelled.*,
            levelled.weight_ahead - coalesce(shut.weight, 0) as weight_open,
            levelled.weight_now + levelled.weight_wanted + coalesce(shut.weight_passed, 0) as weight_then
        from levelled
        left join shut using (scope, id, period, as_of)
    ),

    -- where it is used up: the week, the day of the week, the hour of the day; step by step, since DuckDB works out
    -- again what one select names twice
    in_week as (
        select
            *,
            floor(weight_then / (until_hour[25] * until_weekday[8]))::bigint as weeks,
            weight_then / until_hour[25] - until_weekday[8] * weeks as weight_of_week
        from projected
        where weight_wanted <= weight_open
    ),

    on_day as (
        select
            *,
            len(list_filter(until_weekday[2:7], lambda each: each <= weight_of_week)) as weekday
        from in_week
    ),

    in_day as (
        select
            *,
            until_hour[25]
            * (weight_of_week - until_weekday[weekday + 1])
            / (until_weekday[weekday + 2] - until_weekday[weekday + 1]) as weight_of_day
        from on_day
    ),

    in_hour as (
        select
            *,
            len(list_filter(until_hour[2:24], lambda each: each <= weight_of_day)) as hour_of_day
        from in_day
    ),

    crossed as (
        select
            *,
            '1970-01-05'::timestamp
            + to_days((7 * weeks + weekday)::integer)
            + to_microseconds(
                (
                    3600e6 * (
                        hour_of_day
                        + (weight_of_day - until_hour[hour_of_day + 1])
                        / greatest(until_hour[hour_of_day + 2] - until_hour[hour_of_day + 1], 1e-9)
                    )
                )::bigint
            ) as used_up_at
        from in_hour
    ),

    used_up as (
        select
            crossed.scope,
            crossed.id,
            crossed.period,
            crossed.as_of,
            core.instant_of(crossed.used_up_at, coalesce(later.utc_offset, crossed.utc_offset)) as instant
        from crossed
        asof left join core.utc_offsets as later
            on
                crossed.timezone = later.timezone
                and core.instant_of(crossed.used_up_at, crossed.utc_offset) >= later.starts_at
    )

    select
        placed.scope,
        placed.id,
        placed.brand_id,
        placed.period,
        placed.as_of,
        placed.starts_at,
        placed.ends_at,
        placed.spend,
        placed.budget,
        (placed.budget * projected.expected_share)::decimal(38, 9) as expected_spend,
        case
            when placed.unknown_because = 'it is reached' then 'REACHED'
            -- too near the beginning to be divided by
            when coalesce(projected.expected_share, 0) < 0.01 then 'UNKNOWN'
            when placed.spend > 1.1 * expected_spend then 'AHEAD'
            when placed.spend < 0.9 * expected_spend then 'BEHIND'
            else 'ON'
        end as pace,
        placed.recent_spend as hourly_rate,
        case
            when placed.ends_at is not null
                then (placed.spend + projected.rate_of_usual_hour * projected.weight_open)::decimal(38, 9)
        end as projected_spend,
        used_up.instant as projected_exhaustion_at,
        placed.unknown_because
    from placed
    left join projected using (scope, id, period, as_of)
    left join used_up using (scope, id, period, as_of);
comment on macro table mart.pace_of is 'The pace of a relation of limits, each with its instant, clock, profile, recent spend, and until when something may run.'; -- noqa: PRS

create or replace view internal.limits_to_pace as
with decided as (
    select arg_max(decided_at, decision_id) as as_of
    from ops.decisions
),

recent_costs as (
    select
        costs.brand_id,
        costs.campaign_id,
        sum(costs.amount)::double as spend
    from mart.costs_as_known('infinity'::timestamptz) as costs
    where
        costs.occurred_at > (select as_of - interval 1 hour from decided)
        and costs.occurred_at <= (select as_of from decided)
    group by
        costs.brand_id,
        costs.campaign_id
),

recent as (
    select
        'BRAND' as scope,
        brand_id as id,
        sum(spend) as spend
    from recent_costs
    group by brand_id
    union all
    select
        'CAMPAIGN' as scope,
        campaign_id as id,
        sum(spend) as spend
    from recent_costs
    group by campaign_id
),

owners as (
    select
        'BRAND' as scope,
        brand_id as id,
        *
    from internal.campaign_status
    union all
    select
        'CAMPAIGN' as scope,
        campaign_id as id,
        *
    from internal.campaign_status
    where campaign_id in (
        select budgets.id from mart.budgets as budgets
        where budgets.scope = 'CAMPAIGN'
    )
),

running as (
    select
        scope,
        id,
        coalesce(bool_or(status = 'RUNNING'), false) as may_run,
        -- a campaign without end lets the others' ends count no more
        max(coalesce(flight_ends_at, 'infinity'::timestamptz)) filter (status = 'RUNNING') as flight_ends_at
    from owners
    group by
        scope,
        id
)

select
    limits.scope,
    limits.id,
    limits.brand_id,
    limits.period,
    decided.as_of,
    limits.starts_at,
    limits.ends_at,
    limits.spend,
    limits.budget,
    limits.reached,
    limits.timezone,
    coalesce(running.may_run, false) as may_run,
    -- within a day its windows end it; over several days they come again
    nullif(least(running.flight_ends_at, closed_today.open_until), 'infinity'::timestamptz) as runs_until,
    coalesce(closed_today.closed, []) as closed,
    recent.spend as recent_spend,
    profiles.days,
    case when limits.scope = 'BRAND' then profiles.hourly_spend end as usual_rate,
    profiles.until_hour,
    profiles.until_weekday,
    profiles.dispersion,
    profiles.usual_hours
from mart.budgets as limits
cross join decided
left join running on limits.scope = running.scope and limits.id = running.id
left join recent on limits.scope = recent.scope and limits.id = recent.id
left join internal.closed_today as closed_today
    on
        limits.scope = closed_today.scope
        and case when limits.period in ('HOUR', 'DAY') then limits.id end = closed_today.id
left join internal.spend_profiles as profiles on limits.brand_id = profiles.brand_id;
comment on view internal.limits_to_pace is 'One row per limit in force with what its pace is worked out from.';
comment on column internal.limits_to_pace.as_of is 'the instant decided for';
comment on column internal.limits_to_pace.reached is 'spend >= budget';
comment on column internal.limits_to_pace.may_run is 'whether a campaign of it is RUNNING';
comment on column internal.limits_to_pace.runs_until is 'first instant at which none may any more; null: never';
comment on column internal.limits_to_pace.closed is 'the spans of local time before that in which none may';
comment on column internal.limits_to_pace.recent_spend is 'spent in the hour before';
comment on column internal.limits_to_pace.days is 'local dates of its profile; null: it has none';
comment on column internal.limits_to_pace.usual_rate is 'spent in a usual hour; null: not known';
comment on column internal.limits_to_pace.until_hour is '25 weights: of a day until each of its hours';
comment on column internal.limits_to_pace.dispersion is 'variance of the spend of an hour, by its mean; null: not known';
comment on column internal.limits_to_pace.usual_hours is 'how many hours of a day tell as much of it as the days before do';
comment on column internal.limits_to_pace.until_weekday is '8 weights: of a week until each of its days';

create or replace view mart.pace as
select
    pace.*,
    brands.brand_name,
    brands.currency
from mart.pace_of('internal.limits_to_pace') as pace
left join mart.brands on pace.brand_id = brands.brand_id;
comment on view mart.pace is 'One row per limit in force, as of the last decision: whether it is spent faster or slower than the brand''s own history says, and when it will be used up.';
comment on column mart.pace.id is 'brand_id or campaign_id';
comment on column mart.pace.period is 'HOUR, DAY, WEEK, MONTH, LIFETIME; FUNDS: what a prepaid brand has paid';
comment on column mart.pace.as_of is 'the instant decided for';
comment on column mart.pace.starts_at is 'first instant of the period; null: from ever';
comment on column mart.pace.ends_at is 'first instant after it; null: never';
comment on column mart.pace.expected_spend is 'the part of the budget that the brand''s usual hours and weekdays would have spent by now; null: unknown, or no end';
comment on column mart.pace.pace is 'AHEAD: over 110 % of expected_spend; BEHIND: under 90 %; ON; REACHED; UNKNOWN: nothing is projected, in the first hundredth of the period, or where it has no end';
comment on column mart.pace.hourly_rate is 'spent in the hour before; null: nothing';
comment on column mart.pace.projected_spend is 'at the end of the period, if it goes on so; null: unknown, or no end';
comment on column mart.pace.projected_exhaustion_at is 'when the budget is used up, if it goes on so; null: not in this period, or unknown';
comment on column mart.pace.unknown_because is 'why nothing is projected; null: something is';
