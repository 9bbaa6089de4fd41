-- Days that can hardly change, on their way into files.

-- name: due_days
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
    from internal.ad_events
    group by day
    union all
    select
        'transactions' as table_name,
        make_timestamp((epoch_us(occurred_at) // 86400000000) * 86400000000)::date as day,
        count(*) as rows,
        day < $today::date as is_over,
        rows >= $many as is_large
    from internal.transactions
    group by day
    union all
    select
        'daily_spend' as table_name,
        local_date as day,
        count(*) as rows,
        day < $today::date - 1 as is_over,
        rows >= $many and is_over as is_large
    from internal.daily_spend
    group by day
    union all
    select
        'monthly_spend' as table_name,
        local_month as day,
        count(*) as rows,
        day + interval 1 month < $today::date as is_over,
        rows >= $many and is_over as is_large
    from internal.monthly_spend
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
order by table_name, day;

-- name: days_needed
-- From when to when what follows needs the sealed days; both null: all of them.
set variable spendgate_needed = [$needed_from::timestamptz, $needed_to::timestamptz];

-- name: drop_days
-- What was written to sealed files. Gives up its room, in memory and on the disk.
drop table sealed_days;

-- name: show_files
-- All sealed rows of one table. Filled in by sealed_tables.py: a definition cannot take a bound list of files.
create or replace macro sealed.$table() as table -- noqa: PRS
    from
        read_parquet(
            -- the folder is looked up once: for 4,000 files, once for each takes 0.7 s of every query
            [sealed.first_path($first)] || list_transform([$others], lambda name: sealed.path(name)),
            hive_partitioning = false
        )
    union all by name
    from internal.lost_$table;

-- name: show_no_files
-- The same while no file of the table can be read. Filled in by sealed_tables.py.
create or replace macro sealed.$table() as table -- noqa: PRS
    from internal.$table
    where false
    union all by name
    from internal.lost_$table;

-- name: written_in
-- The data root in which this file is written. Filled in by sealed_tables.py: it stands in a definition.
create or replace macro sealed.written_in() as $folder; -- noqa: PRS

-- name: sealed_through
-- The first local day or month of which nothing is sealed. Filled in by sealed_tables.py.
create or replace macro sealed.$table_through() as date '$through'; -- noqa: PRS
