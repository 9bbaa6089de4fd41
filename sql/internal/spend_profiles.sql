-- One row per brand with spend in the four weeks before: how it is spread over the hours of a day and the days of a
-- week.
create table if not exists internal.spend_profiles (
    brand_id bigint not null,
    days bigint not null,
    hourly_spend double not null,
    until_hour double[] not null,
    until_weekday double[] not null,
    dispersion double,
    usual_hours double not null,
    made_at timestamptz not null
);
comment on table internal.spend_profiles is 'One row per brand with spend in the four weeks before: how it is spread over the hours of a day and the days of a week.';
comment on column internal.spend_profiles.days is 'local dates with spend that it is learned from';
comment on column internal.spend_profiles.hourly_spend is 'spent per hour of those dates, in the currency of the brand';
comment on column internal.spend_profiles.until_hour is '25 weights: of a day until each of its hours, on the brand''s clock; an hour weighs 1 on average; drawn to 1 where few dates are known';
comment on column internal.spend_profiles.until_weekday is '8 weights: of a week until each of its days, from Monday; a day weighs 1 on average; drawn to 1 likewise';
comment on column internal.spend_profiles.dispersion is 'variance of the spend of an hour, by its mean; null: too few dates';
comment on column internal.spend_profiles.usual_hours is 'how many hours of a day tell as much of it as the days before do: 1 to 12; more where days are alike, and hours are not';
comment on column internal.spend_profiles.made_at is 'the instant before which it was learned';

-- name: is_due
-- One row: whether the profiles are of another day than $now, or there are none and a day with spend is over.
select
    coalesce(
        max(made_at) <> date_trunc('day', $now::timestamptz),
        exists (
            from internal.daily_spend_parts as spent
            inner join mart.brand_budget as present using (brand_id)
            where spent.local_date < present.local_date
        )
    ) as is_due
from internal.spend_profiles;

-- name: learn
-- One row per brand with spend in the four weeks before $now, on local dates that are over and, but for the only one,
-- were whole. Weights are drawn to a flat line as if half a day more, or two more weeks, had been flat. How much the
-- days before count is their credibility: the variance of hours by that of days, beyond what hours alone make of it.
create or replace temp table learned_profiles as
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
    where known.local_date < spans.today
    -- the first one is whole only by chance
    qualify
        known.local_date > spans.first_on
        or max(known.local_date) over (partition by known.brand_id) = spans.first_on
),

days as (
    select
        brand_id,
        local_date,
        isodow(local_date) as weekday,
        sum(spend) as spend
    from hours
    group by all
),

brands as (
    select
        *,
        spend / (24 * days) as hourly_spend
    from (
        select
            brand_id,
            count(*) as days,
            sum(spend) as spend
        from days
        group by brand_id
    ) as sums
    where spend > 0
),

by_hour as (
    select
        brand_id,
        map_from_entries(list({ 'slot': local_hour, 'spend': spend })) as spends
    from (
        select
            brand_id,
            local_hour,
            sum(spend) as spend
        from hours
        group by all
    ) as sums
    group by brand_id
),

by_weekday as (
    select
        brand_id,
        map_from_entries(list({ 'slot': weekday, 'sums': { 'spend': spend, 'days': days } })) as sums
    from (
        select
            brand_id,
            weekday,
            sum(spend) as spend,
            count(*) as days
        from days
        group by all
    ) as sums
    group by brand_id
),

weighted as (
    select
        brands.*,
        list_transform(
            range(24),
            lambda slot: (24 * coalesce(by_hour.spends[slot], 0) / brands.spend * brands.days + 0.5)
            / (brands.days + 0.5)
        ) as by_hour,
        list_transform(
            range(1, 8),
            lambda slot: (coalesce(by_weekday.sums[slot].spend / (24 * brands.hourly_spend), 0) + 2)
            / (coalesce(by_weekday.sums[slot].days, 0) + 2)
        ) as by_weekday
    from brands
    inner join by_hour using (brand_id)
    inner join by_weekday using (brand_id)
),

dispersions as (
    select
        hours.brand_id,
        case
            when any_value(weighted.days) >= 3
                then (
                    sum(
                        hours.spend ^ 2 / (
                            weighted.hourly_spend
                            * weighted.by_hour[hours.local_hour + 1]
                            * weighted.by_weekday[isodow(hours.local_date)]
                        )
                    ) - any_value(weighted.spend)
                ) / (24 * (any_value(weighted.days) - 1))
        end as dispersion
    from hours
    inner join weighted on hours.brand_id = weighted.brand_id
    group by hours.brand_id
),

between_days as (
    select
        days.brand_id,
        var_samp(days.spend / (24 * weighted.hourly_spend * weighted.by_weekday[days.weekday])) as variance
    from days
    inner join weighted on days.brand_id = weighted.brand_id
    group by days.brand_id
)

select
    weighted.brand_id,
    weighted.days,
    weighted.hourly_spend,
    list_transform(range(25), lambda hours: coalesce(list_sum(weighted.by_hour[1:hours]), 0)) as until_hour,
    list_transform(range(8), lambda days: coalesce(list_sum(weighted.by_weekday[1:days]), 0)) as until_weekday,
    nullif(greatest(dispersions.dispersion, 0), 0) as dispersion,
    coalesce(
        least(
            12,
            greatest(
                1,
                dispersions.dispersion / weighted.hourly_spend
                / greatest(between_days.variance - dispersions.dispersion / weighted.hourly_spend / 24, 1e-9)
            )
        ),
        3
    ) as usual_hours,
    date_trunc('day', $now::timestamptz) as made_at
from weighted
inner join dispersions on weighted.brand_id = dispersions.brand_id
inner join between_days on weighted.brand_id = between_days.brand_id;

-- name: are_other
-- One row: whether there is anything to replace, or to replace it with. Reads learned_profiles.
select
    exists (from learned_profiles)
    or exists (from internal.spend_profiles) as are_other;

-- name: clear
-- Make room for the profiles of another day.
delete from internal.spend_profiles;

-- name: add
-- The profiles that were learned. Reads learned_profiles.
insert into internal.spend_profiles by name
from learned_profiles;
