-- One row per brand with spend in the four weeks before: how it is spread over the hours of a day and the days of a
-- week.
create table if not exists internal.spend_profiles (
    brand_id bigint not null,
    days bigint not null,
    hourly_spend double not null,
    by_hour double[] not null,
    by_weekday double[] not null,
    dispersion double,
    usual_hours double not null,
    made_at timestamptz not null
);
comment on table internal.spend_profiles is 'One row per brand with spend in the four weeks before: how it is spread over the hours of a day and the days of a week.';
comment on column internal.spend_profiles.days is 'local dates with spend that it is learned from';
comment on column internal.spend_profiles.hourly_spend is 'spent per hour of those dates, in the currency of the brand';
comment on column internal.spend_profiles.by_hour is '24 weights, 1 on average, from midnight on the brand''s clock; drawn to 1 where few dates are known';
comment on column internal.spend_profiles.by_weekday is '7 weights, 1 on average, from Monday; drawn to 1 likewise';
comment on column internal.spend_profiles.dispersion is 'variance of the spend of an hour, by its mean; null: too few dates';
comment on column internal.spend_profiles.usual_hours is 'how many hours of a day tell as much of it as the days before do: 1 to 12; more where days are alike, and hours are not';
comment on column internal.spend_profiles.made_at is 'the instant before which it was learned';

-- name: is_due
-- One row: whether the profiles are of another day than $now, or there are none.
select coalesce(max(made_at) <> date_trunc('day', $now::timestamptz), true) as is_due
from internal.spend_profiles;

-- name: clear
-- Make room for the profiles of another day.
delete from internal.spend_profiles;

-- name: add
-- One row per brand with spend in the four weeks before $now, on local dates that are over and, but for the only one,
-- were whole. Weights are drawn to a flat line as if half a day more, or two more weeks, had been flat. How much the
-- days before count is their credibility: the variance of hours by that of days, beyond what hours alone make of it.
insert into internal.spend_profiles by name
with known as (
    select
        brand_id,
        local_time::date as local_date,
        hour(local_time) as local_hour,
        sum(amount)::double as spend,
        max(occurred_at) as last_at,
        max(local_time) as last_local_time
    from internal.local_costs
    where
        occurred_at >= date_trunc('day', $now::timestamptz) - interval 28 days
        and occurred_at < $now
    group by all
),

spans as (
    select
        brand_id,
        min(local_date) as first_on,
        (max(last_local_time) + ($now::timestamptz - max(last_at)))::date as today
    from known
    group by brand_id
),

hours as (
    select known.*
    from known
    inner join spans on known.brand_id = spans.brand_id
    where
        known.local_date < spans.today
        -- the first one is whole only by chance
        and (known.local_date > spans.first_on or spans.first_on = spans.today - 1)
),

brands as (
    select
        brand_id,
        count(distinct local_date) as days,
        sum(spend) as spend,
        sum(spend) / (24 * count(distinct local_date)) as hourly_spend
    from hours
    group by brand_id
    having sum(spend) > 0
),

by_hour as (
    select
        slots.brand_id,
        list(
            (24 * coalesce(sums.spend, 0) / slots.spend * slots.days + 0.5) / (slots.days + 0.5)
            order by slots.slot
        ) as weights
    from (
        select
            *,
            unnest(range(24)) as slot
        from brands
    ) as slots
    left join (
        select
            brand_id,
            local_hour,
            sum(spend) as spend
        from hours
        group by all
    ) as sums on slots.brand_id = sums.brand_id and slots.slot = sums.local_hour
    group by slots.brand_id
),

by_weekday as (
    select
        slots.brand_id,
        list(
            (coalesce(sums.spend / (slots.spend / slots.days), 0) + 2) / (coalesce(sums.days, 0) + 2)
            order by slots.slot
        ) as weights
    from (
        select
            *,
            unnest(range(1, 8)) as slot
        from brands
    ) as slots
    left join (
        select
            brand_id,
            isodow(local_date) as weekday,
            count(distinct local_date) as days,
            sum(spend) as spend
        from hours
        group by all
    ) as sums on slots.brand_id = sums.brand_id and slots.slot = sums.weekday
    group by slots.brand_id
),

dispersions as (
    select
        hours.brand_id,
        case
            when any_value(brands.days) >= 3
                then (
                    sum(
                        hours.spend ^ 2 / (
                            brands.hourly_spend
                            * by_hour.weights[hours.local_hour + 1]
                            * by_weekday.weights[isodow(hours.local_date)]
                        )
                    ) - any_value(brands.spend)
                ) / (24 * (any_value(brands.days) - 1))
        end as dispersion
    from hours
    inner join brands using (brand_id)
    inner join by_hour using (brand_id)
    inner join by_weekday using (brand_id)
    group by hours.brand_id
),

between_days as (
    select
        days.brand_id,
        var_samp(days.spend / (24 * brands.hourly_spend * by_weekday.weights[isodow(days.local_date)])) as variance
    from (
        select
            brand_id,
            local_date,
            sum(spend) as spend
        from hours
        group by all
    ) as days
    inner join brands using (brand_id)
    inner join by_weekday using (brand_id)
    group by days.brand_id
)

select
    brands.brand_id,
    brands.days,
    brands.hourly_spend,
    by_hour.weights as by_hour,
    by_weekday.weights as by_weekday,
    nullif(greatest(dispersions.dispersion, 0), 0) as dispersion,
    coalesce(
        least(
            12,
            greatest(
                1,
                dispersions.dispersion / brands.hourly_spend
                / greatest(between_days.variance - dispersions.dispersion / brands.hourly_spend / 24, 1e-9)
            )
        ),
        3
    ) as usual_hours,
    date_trunc('day', $now::timestamptz) as made_at
from brands
inner join by_hour using (brand_id)
inner join by_weekday using (brand_id)
inner join dispersions using (brand_id)
inner join between_days using (brand_id);
