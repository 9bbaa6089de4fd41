-- One row per limit in force, as of the last decision: whether it is spent faster or slower than the brand's own
-- history says, and when it will be used up.
--
-- Everything is counted in hours of usual spend: an hour weighs as much as the brand's profile says for its hour of the
-- day and its weekday.

-- the weight of a day until so many hours of it have passed
create or replace macro core.weight_by(by_hour, hours) as
coalesce(list_sum(by_hour[1:floor(hours)::integer]), 0)
+ coalesce(by_hour[floor(hours)::integer + 1], 0) * (hours - floor(hours));

-- how many hours of a day have passed when it has such a weight
create or replace macro core.hours_by_weight(by_hour, weight) as
list_sum(
    list_transform(
        range(24),
        lambda each: least(
            1.0, greatest(0.0, weight - coalesce(list_sum(by_hour[1:each]), 0)) / greatest(by_hour[each + 1], 1e-9)
        )
    )
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
            limits.reached,
            limits.timezone,
            limits.may_run,
            limits.recent_spend,
            limits.days,
            limits.usual_rate,
            limits.by_hour,
            limits.by_weekday,
            limits.dispersion,
            limits.usual_hours,
            core.local_time(limits.as_of, offsets.utc_offset) as local_now,
            -- no further than two months: what lies beyond is not foreseen
            core.local_time(
                least(
                    coalesce(limits.ends_at, 'infinity'::timestamptz),
                    coalesce(limits.runs_until, 'infinity'::timestamptz),
                    limits.as_of + interval 62 days
                ),
                offsets.utc_offset
            ) as local_until,
            offsets.utc_offset
        from query_table(limits_then) as limits
        asof left join core.utc_offsets as offsets
            on limits.timezone = offsets.timezone and limits.as_of >= offsets.starts_at
    ),

    weighed as (
        select
            *,
            epoch(local_now - date_trunc('day', local_now)) / 3600 as hours_now,
            core.weight_by(by_hour, hours_now) * by_weekday[isodow(local_now)] as weight_before,
            case period
                when 'HOUR' then epoch(as_of - starts_at) / 3600
                when 'DAY' then core.weight_by(by_hour, hours_now) / list_sum(by_hour)
                when 'WEEK'
                    then (
                        coalesce(list_sum(by_weekday[1:isodow(local_now) - 1]), 0)
                        + by_weekday[isodow(local_now)] * core.weight_by(by_hour, hours_now) / list_sum(by_hour)
                    ) / list_sum(by_weekday)
                when 'MONTH'
                    then (
                        list_sum(
                            list_transform(
                                range(day(local_now)),
                                lambda each: by_weekday[isodow(date_trunc('month', local_now)::date + each::integer)]
                                * case
                                    when each + 1 < day(local_now) then 1
                                    else core.weight_by(by_hour, hours_now) / list_sum(by_hour)
                                end
                            )
                        )
                    ) / list_sum(
                        list_transform(
                            range(day(last_day(local_now::date))),
                            lambda each: by_weekday[isodow(date_trunc('month', local_now)::date + each::integer)]
                        )
                    )
            end as expected_share,
            -- the days ahead, each with its weight
            list_transform(
                range(0, greatest(0, date_diff('day', local_now::date, local_until::date)) + 1),
                lambda each: list_sum(by_hour) * by_weekday[isodow(local_now::date + each::integer)]
            ) as days_ahead,
            epoch(local_until - date_trunc('day', local_until)) / 3600 as hours_until,
            -- that of the last hour, part of which may be of the day before
            greatest(
                by_weekday[isodow(local_now)] * (
                    core.weight_by(by_hour, hours_now)
                    - core.weight_by(by_hour, greatest(hours_now - 1, 0))
                    + by_hour[24] * greatest(1 - hours_now, 0)
                ),
                0.05
            ) as recent_weight
        from placed
    ),

    levelled as (
        select
            *,
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
            case
                when recent_spend is null then usual_rate
                else
                    (recent_spend + coalesce(usual_rate, 0) * hours_counted) / (recent_weight + hours_counted)
            end as rate_of_usual_hour
        from weighed
    ),

    ahead as (
        select
            *,
            -- until the end of the last day, less what of it lies after the end
            greatest(
                list_sum(days_ahead)
                - weight_before
                - (list_sum(by_hour) - core.weight_by(by_hour, hours_until)) * by_weekday[isodow(local_until)],
                0
            ) as weight_ahead,
            case
                when rate_of_usual_hour > 0 then (budget - spend)::double / rate_of_usual_hour
            end as weight_wanted,
            case
                when reached then 'it is reached'
                when budget <= 0 then 'its budget is 0'
                when not may_run then 'nothing may run'
                when spend <= 0 then 'nothing is spent'
                when days is null then 'there is no history'
                when recent_spend is null or recent_spend <= 0 then 'nothing was spent in the last hour'
            end as unknown_because
        from levelled
    ),

    crossed as (
        select
            *,
            -- the day on which it is used up: the first whose weight, with those before it, is enough
            len(
                list_filter(
                    range(1, len(days_ahead) + 1),
                    lambda each: list_sum(days_ahead[1:each]) < weight_before + weight_wanted
                )
            ) as days_between,
            local_now::date + days_between::integer as used_up_on,
            date_trunc('day', used_up_on::timestamp) + to_microseconds(
                (
                    3600e6 * core.hours_by_weight(
                        by_hour,
                        (weight_before + weight_wanted - coalesce(list_sum(days_ahead[1:days_between]), 0))
                        / by_weekday[isodow(used_up_on)]
                    )
                )::bigint
            ) as used_up_at
        from ahead
    )

    select
        crossed.scope,
        crossed.id,
        crossed.brand_id,
        crossed.period,
        crossed.as_of,
        crossed.starts_at,
        crossed.ends_at,
        crossed.spend,
        crossed.budget,
        case
            when crossed.unknown_because is null then (crossed.budget * crossed.expected_share)::decimal(38, 9)
        end as expected_spend,
        case
            when crossed.unknown_because = 'it is reached' then 'REACHED'
            -- too near the beginning to be divided by
            when crossed.unknown_because is not null or coalesce(crossed.expected_share, 0) < 0.01 then 'UNKNOWN'
            when crossed.spend > 1.1 * crossed.budget * crossed.expected_share then 'AHEAD'
            when crossed.spend < 0.9 * crossed.budget * crossed.expected_share then 'BEHIND'
            else 'ON'
        end as pace,
        crossed.recent_spend as hourly_rate,
        case
            when crossed.unknown_because is null and crossed.ends_at is not null
                then (crossed.spend + crossed.rate_of_usual_hour * crossed.weight_ahead)::decimal(38, 9)
        end as projected_spend,
        case
            when crossed.unknown_because is null and crossed.weight_wanted <= crossed.weight_ahead
                then core.instant_of(crossed.used_up_at, coalesce(later.utc_offset, crossed.utc_offset))
        end as projected_exhaustion_at,
        crossed.unknown_because
    from crossed
    asof left join core.utc_offsets as later
        on
            crossed.timezone = later.timezone
            and core.instant_of(crossed.used_up_at, crossed.utc_offset) >= later.starts_at;
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
        max(
            least(
                coalesce(window_end, 'infinity'::timestamptz),
                coalesce(flight_ends_at, 'infinity'::timestamptz)
            )
        ) filter (status = 'RUNNING') as runs_until,
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
    -- within a day its window ends it; over several days its windows come again
    nullif(
        case when limits.period in ('HOUR', 'DAY') then running.runs_until else running.flight_ends_at end,
        'infinity'::timestamptz
    ) as runs_until,
    recent.spend as recent_spend,
    profiles.days,
    case when limits.scope = 'BRAND' then profiles.hourly_spend end as usual_rate,
    coalesce(profiles.by_hour, list_transform(range(24), lambda each: 1.0::double)) as by_hour,
    coalesce(profiles.by_weekday, list_transform(range(7), lambda each: 1.0::double)) as by_weekday,
    profiles.dispersion,
    coalesce(profiles.usual_hours, 1) as usual_hours
from mart.budgets as limits
cross join decided
left join running on limits.scope = running.scope and limits.id = running.id
left join recent on limits.scope = recent.scope and limits.id = recent.id
left join internal.spend_profiles as profiles on limits.brand_id = profiles.brand_id;
comment on view internal.limits_to_pace is 'One row per limit in force with what its pace is worked out from.';
comment on column internal.limits_to_pace.as_of is 'the instant decided for';
comment on column internal.limits_to_pace.reached is 'spend >= budget';
comment on column internal.limits_to_pace.may_run is 'whether a campaign of it is RUNNING';
comment on column internal.limits_to_pace.runs_until is 'first instant at which none may any more; null: never';
comment on column internal.limits_to_pace.recent_spend is 'spent in the hour before';
comment on column internal.limits_to_pace.days is 'local dates of its profile; null: it has none';
comment on column internal.limits_to_pace.usual_rate is 'spent in a usual hour; null: not known';
comment on column internal.limits_to_pace.by_hour is 'weight of each hour of the day';
comment on column internal.limits_to_pace.dispersion is 'variance of the spend of an hour, by its mean; null: not known';
comment on column internal.limits_to_pace.usual_hours is 'how many hours of a day tell as much of it as the days before do';
comment on column internal.limits_to_pace.by_weekday is 'weight of each weekday, from Monday';

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
comment on column mart.pace.pace is 'AHEAD: over 110 % of expected_spend; BEHIND: under 90 %; ON; REACHED; UNKNOWN';
comment on column mart.pace.hourly_rate is 'spent in the hour before; null: nothing';
comment on column mart.pace.projected_spend is 'at the end of the period, if it goes on so; null: unknown, or no end';
comment on column mart.pace.projected_exhaustion_at is 'when the budget is used up, if it goes on so; null: not in this period, or unknown';
comment on column mart.pace.unknown_because is 'why nothing is projected; null: something is';
