-- One row per table and day whose rows are to be sealed: days before $before that are not sealed yet, and sealed ones
-- for which many rows came late. Local days are over everywhere two days later.
with days as (
    select
        'ad_events' as table_name,
        epoch_us(occurred_at) // 86400000000 as day,
        count(*) as rows
    from hot.ad_events
    where occurred_at < $before::timestamptz
    group by all
    union all
    select
        'transactions' as table_name,
        epoch_us(occurred_at) // 86400000000 as day,
        count(*) as rows
    from hot.transactions
    where occurred_at < $before::timestamptz
    group by all
    union all
    select
        'hourly_spend' as table_name,
        epoch_us(local_hour) // 86400000000 as day,
        count(*) as rows
    from hot.hourly_spend
    where local_hour < $before::timestamp - interval 1 day
    group by all
    union all
    select
        'daily_spend' as table_name,
        epoch_us(local_date) // 86400000000 as day,
        count(*) as rows
    from hot.daily_spend
    where local_date < $before::timestamp - interval 1 day
    group by all
)

select
    table_name,
    make_timestamp(day * 86400000000)::date as day
from days
where
    rows >= $late_rows
    or (table_name, make_timestamp(day * 86400000000)::date) not in (select (table_name, day) from ops.sealed_files)
order by table_name, day
