-- When daily budgets will be used up, asked each hour until they were: by mart.pace_of, by a straight line through the
-- beginning of the day, and by what was spent in the same hours of the day before. Reads profiles_by_day.

-- what was spent in each quarter of an hour, by the hour in which it was known
create temp table quarters as
select
    brand_id,
    time_bucket(interval 15 minutes, occurred_at) as quarter_at,
    date_trunc('hour', recorded_at) + interval 1 hour as known_at,
    sum(amount)::double as spend
from core.transactions
where transaction_type = 'COST'
group by all;

-- local days whose budget was used up, with when
create temp table days as
with costs as (
    select
        brand_id,
        local_time::date as local_date,
        occurred_at,
        sum(amount) over (partition by brand_id, local_time::date order by occurred_at) as spend_so_far
    from internal.local_costs
)

select
    costs.brand_id,
    brands.name as traffic,
    brands.timezone,
    timezone(brands.timezone, costs.local_date::timestamp) as starts_at,
    timezone(brands.timezone, (costs.local_date + 1)::timestamp) as ends_at,
    any_value(brands.daily_budget) as budget,
    min(costs.occurred_at) as used_up_at
from costs
inner join core.brands on costs.brand_id = brands.brand_id and brands.valid_to is null
where
    costs.spend_so_far >= brands.daily_budget
    -- these have other budgets for two days
    and not (costs.brand_id % 6 = 0 and costs.local_date between '2026-10-26' and '2026-10-27')
group by all;

create temp table asked as
select
    'BRAND' as scope,
    days.brand_id as id,
    days.brand_id,
    days.traffic,
    'DAY' as period,
    days.as_of,
    days.starts_at,
    days.ends_at,
    coalesce(sum(quarters.spend) filter (quarters.quarter_at >= days.starts_at), 0)::decimal(38, 9) as spend,
    days.budget,
    days.used_up_at,
    false as reached,
    days.timezone,
    true as may_run,
    null::timestamptz as runs_until,
    []::struct(from_at timestamp, until_at timestamp)[] as closed,
    sum(quarters.spend) filter (quarters.quarter_at >= days.as_of - interval 1 hour) as recent_spend,
    any_value(profiles.days) as days,
    any_value(profiles.hourly_spend) as usual_rate,
    any_value(profiles.until_hour) as until_hour,
    any_value(profiles.until_weekday) as until_weekday,
    any_value(profiles.dispersion) as dispersion,
    any_value(profiles.usual_hours) as usual_hours
from (
    select
        *,
        unnest(generate_series(date_trunc('hour', starts_at) + interval 1 hour, used_up_at, interval 1 hour)) as as_of
    from days
) as days
inner join profiles_by_day as profiles
    on days.brand_id = profiles.brand_id and date_trunc('day', days.as_of) = profiles.made_at
inner join quarters
    on
        days.brand_id = quarters.brand_id
        and quarters.quarter_at < days.as_of
        and quarters.quarter_at >= least(days.starts_at, days.as_of - interval 1 hour)
        and quarters.known_at <= days.as_of
group by all;

-- spent as in the same hours of the day before
create temp table as_yesterday as
with ahead as (
    select
        asked.brand_id,
        asked.as_of,
        asked.budget - asked.spend as wanted,
        quarters.quarter_at + interval 1 day + interval 15 minutes as until_at,
        sum(quarters.spend) over (
            partition by asked.brand_id, asked.as_of
            order by quarters.quarter_at
            range unbounded preceding
        ) as spend
    from asked
    inner join quarters
        on
            asked.brand_id = quarters.brand_id
            and quarters.quarter_at >= asked.as_of - interval 1 day
            and quarters.quarter_at < asked.ends_at - interval 1 day
)

select
    brand_id,
    as_of,
    min(until_at) as used_up_at
from ahead
where spend >= wanted
group by all;

create temp table forecasts as
select
    asked.traffic,
    asked.as_of,
    asked.used_up_at,
    case
        when asked.used_up_at < asked.as_of + interval 2 hours then 'within 2 h'
        when asked.used_up_at < asked.as_of + interval 6 hours then '2 to 6 h'
        else 'over 6 h'
    end as ahead,
    coalesce(pace.projected_exhaustion_at, asked.ends_at) as by_pace,
    least(
        asked.ends_at,
        asked.starts_at
        + to_seconds(epoch(asked.as_of - asked.starts_at) * asked.budget::double / nullif(asked.spend, 0)::double)
    ) as by_straight_line,
    coalesce(as_yesterday.used_up_at, asked.ends_at) as by_yesterday
from asked
inner join mart.pace_of('asked') as pace
    on asked.brand_id = pace.brand_id and asked.as_of = pace.as_of
left join as_yesterday on asked.brand_id = as_yesterday.brand_id and asked.as_of = as_yesterday.as_of
where asked.spend > 0 and asked.spend < asked.budget;

-- minutes between what was forecast and what then happened
select
    traffic,
    ahead,
    count(*) as forecasts,
    round(median(abs(epoch(by_pace - used_up_at))) / 60, 1) as pace_median,
    round(quantile_cont(abs(epoch(by_pace - used_up_at)), 0.9) / 60, 1) as pace_p90,
    round(median(abs(epoch(by_straight_line - used_up_at))) / 60, 1) as straight_line_median,
    round(quantile_cont(abs(epoch(by_straight_line - used_up_at)), 0.9) / 60, 1) as straight_line_p90,
    round(median(abs(epoch(by_yesterday - used_up_at))) / 60, 1) as yesterday_median,
    round(quantile_cont(abs(epoch(by_yesterday - used_up_at)), 0.9) / 60, 1) as yesterday_p90
from forecasts
group by
    traffic,
    ahead
order by
    traffic,
    min(used_up_at - as_of);
