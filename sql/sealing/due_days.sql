-- One row per table and day whose rows are to be sealed: days and months that are over and not sealed yet, days of the
-- ledger with so many rows that they would weigh on every copy, and sealed ones for which many rows came late, by
-- themselves or all of them together. Local days and months are over everywhere a day after those of UTC.
with days as (
    select
        'ad_events' as table_name,
        make_timestamp((epoch_us(occurred_at) // 86400000000) * 86400000000)::date as day,
        count(*) as rows,
        day < $today::date as is_over,
        rows >= $many as is_large
    from hot.ad_events
    group by day
    union all
    select
        'transactions' as table_name,
        make_timestamp((epoch_us(occurred_at) // 86400000000) * 86400000000)::date as day,
        count(*) as rows,
        day < $today::date as is_over,
        rows >= $many as is_large
    from hot.transactions
    group by day
    union all
    select
        'daily_spend' as table_name,
        local_date as day,
        count(*) as rows,
        day < $today::date - 1 as is_over,
        rows >= $many and is_over as is_large
    from hot.daily_spend
    group by day
    union all
    select
        'monthly_spend' as table_name,
        local_month as day,
        count(*) as rows,
        day + interval 1 month < $today::date as is_over,
        rows >= $many and is_over as is_large
    from hot.monthly_spend
    group by day
),

known as (
    select
        days.*,
        sealed.table_name is not null as is_sealed,
        sum(days.rows) filter (sealed.table_name is not null) over (partition by days.table_name) as late_rows
    from days
    left join (select distinct
        table_name,
        day
    from ops.sealed_files) as sealed
        on days.table_name = sealed.table_name and days.day = sealed.day
)

select
    table_name,
    day,
    rows
from known
where (is_over and not is_sealed) or is_large or (is_over and late_rows >= 10 * $many)
order by table_name, day
