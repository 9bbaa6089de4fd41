-- One row per brand with spend in the four weeks before: how it is spread over the hours of a day and the days of a
-- week.
create table if not exists internal.spend_profiles (
    brand_id bigint not null,
    days bigint not null,
    hourly_spend double not null,
    by_hour double[] not null,
    by_weekday double[] not null,
    made_at timestamptz not null
);
comment on table internal.spend_profiles is 'One row per brand with spend in the four weeks before: how it is spread over the hours of a day and the days of a week.';
comment on column internal.spend_profiles.days is 'local dates with spend that it is learned from';
comment on column internal.spend_profiles.hourly_spend is 'spent per hour of those dates, in the currency of the brand';
comment on column internal.spend_profiles.by_hour is '24 weights, 1 on average, from midnight on the brand''s clock; drawn to 1 where few dates are known';
comment on column internal.spend_profiles.by_weekday is '7 weights, 1 on average, from Monday; drawn to 1 likewise';
comment on column internal.spend_profiles.made_at is 'the instant before which it was learned';

-- name: is_due
-- One row: whether the profiles are of another day than $now, or there are none.
select coalesce(max(made_at) <> date_trunc('day', $now::timestamptz), true) as is_due
from internal.spend_profiles;

-- name: clear
-- Make room for the profiles of another day.
delete from internal.spend_profiles;

-- name: add
-- One row per brand with spend in the four weeks before the day of $now, but for its last local date, which may not be
-- whole. Weights are drawn to a flat line as if three more days, or two more weeks, had been flat.
insert into internal.spend_profiles
with hours as (
    select
        brand_id,
        local_time::date as local_date,
        hour(local_time) as local_hour,
        sum(amount)::double as spend
    from internal.local_costs
    where
        occurred_at >= date_trunc('day', $now::timestamptz) - interval 28 days
        and occurred_at < date_trunc('day', $now::timestamptz) - interval 12 hours
    group by all
),

brands as (
    select
        brand_id,
        count(distinct local_date) as days,
        sum(spend) as spend
    from hours
    group by brand_id
    having sum(spend) > 0
),

by_hour as (
    select
        slots.brand_id,
        list((24 * coalesce(sums.spend, 0) / slots.spend * slots.days + 3) / (slots.days + 3) order by slots.slot)
            as weights
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
)

select
    brands.brand_id,
    brands.days,
    brands.spend / (24 * brands.days) as hourly_spend,
    by_hour.weights as by_hour,
    by_weekday.weights as by_weekday,
    date_trunc('day', $now::timestamptz) as made_at
from brands
inner join by_hour using (brand_id)
inner join by_weekday using (brand_id);
