-- Which immutable Parquet files belong to this warehouse, whether they are whole, and which it has let go.
create schema if not exists ops;
create schema if not exists sealed;

create table if not exists ops.sealed_files (
    table_name varchar not null,
    day date not null,
    name varchar not null,
    rows bigint not null,
    spend decimal(38, 9),
    transactions bigint,
    recorded_at timestamptz not null,
    sha256 varchar,
    bytes bigint
);
comment on table ops.sealed_files is 'One row per immutable Parquet file that holds rows of one table and day; a later one of the same day holds what came late.';
comment on column ops.sealed_files.table_name is 'ad_events, transactions, daily_spend or monthly_spend';
comment on column ops.sealed_files.day is 'of occurred_at in UTC, or the local date of the brand';
comment on column ops.sealed_files.name is 'path below the folder sealed/ of the data root';
comment on column ops.sealed_files.spend is 'sum of the costs in it; null for events';
comment on column ops.sealed_files.transactions is 'how many costs that are; null for events';
comment on column ops.sealed_files.sha256 is 'of its bytes; null: sealed by an earlier version and not verified since';

create table if not exists ops.sealed_file_states (
    name varchar not null,
    state varchar not null,
    bytes bigint not null,
    changed_ns bigint not null,
    verified_at timestamptz not null
);
comment on table ops.sealed_file_states is 'One row per sealed file that has been verified: what was found.';
comment on column ops.sealed_file_states.state is 'WHOLE, DAMAGED (its bytes are not what was sealed) or MISSING';
comment on column ops.sealed_file_states.changed_ns is 'last change of the file then: while it stays, the bytes are not read again but in their turn';
comment on column ops.sealed_file_states.verified_at is 'when all its bytes were held against its hash, or it was found missing';

create table if not exists ops.files_let_go (
    path varchar not null,
    let_go_at timestamptz not null,
    reason varchar not null
);
comment on table ops.files_let_go is 'One row per file below the data root that this warehouse does not need any more, or may never have needed.';
comment on column ops.files_let_go.path is 'below the data root';
comment on column ops.files_let_go.let_go_at is 'since when; its promised time is counted from here';

create or replace view ops.unreadable_sealed_files as
select
    files.table_name,
    files.day,
    files.name,
    states.state,
    format(
        'sealed day {} of {} cannot be read: sealed/{} is {}; `spendgate rebuild --day {}` makes it again',
        files.day, files.table_name, files.name, lower(states.state), files.day
    ) as remedy
from ops.sealed_files as files
inner join ops.sealed_file_states as states using (name)
where states.state <> 'WHOLE';
comment on view ops.unreadable_sealed_files is 'One row per sealed file that is damaged or missing, and what to do.';

-- What stands for the rows of such a file. Its rows cannot be left out without a word: sums would be wrong. So each of
-- these views has a row for every second of the lost day, or for the lost date, all other columns of which raise an
-- error when they are looked at. A query about other days drops them by its filter on the day before it looks at
-- anything else; any other query ends with the error, which says what to do. A run that joins, and knows which days it
-- needs, says so in a variable (sql/sealing/days_needed.sql).
create or replace macro sealed.is_needed(starts_at, ends_at) as
coalesce(ends_at > (getvariable('spendgate_needed')::timestamptz[])[1], true)
and coalesce(starts_at <= (getvariable('spendgate_needed')::timestamptz[])[2], true);
create or replace macro sealed.lost_seconds(of_table) as table
    select
        second_at,
        case when second_at is not null then error(remedy) end as lost
    from (
        select
            make_timestamptz(epoch_us(files.day) + seconds.second * 1000000) as second_at,
            files.remedy
        from ops.unreadable_sealed_files as files
        cross join range(86400) as seconds (second)
        where
            files.table_name = of_table
            and sealed.is_needed(make_timestamptz(epoch_us(files.day)), make_timestamptz(epoch_us(files.day + 1)))
    ) as seconds_of_days;
create or replace macro sealed.lost_dates(of_table, days_in_it) as table
    select
        local_date,
        case when local_date is not null then error(remedy) end as lost
    from (
        select
            files.day as local_date,
            files.remedy
        from ops.unreadable_sealed_files as files
        where
            files.table_name = of_table
            -- a local date begins and ends within a day of the UTC date
            and sealed.is_needed(
                make_timestamptz(epoch_us(files.day - 1)),
                make_timestamptz(epoch_us(files.day + days_in_it::integer + 1))
            )
    ) as dates;

create or replace view sealed.lost_ad_events as
select
    lost::varchar as event_id,
    lost::bigint as ad_id,
    lost::varchar as event_type,
    second_at as occurred_at,
    lost::bigint as file_id,
    lost::bigint as line_number,
    lost::bigint as batch_id
from sealed.lost_seconds('ad_events')
where lost is null;

create or replace view sealed.lost_transactions as
select
    lost::bigint as transaction_id,
    lost::bigint as brand_id,
    lost::bigint as campaign_id,
    lost::bigint as ad_id,
    lost::decimal(18, 9) as amount,
    lost::varchar as transaction_type,
    lost::varchar as cost_type,
    second_at as occurred_at,
    lost::timestamptz as recorded_at,
    lost::varchar as price_source,
    lost::timestamptz as price_effective_from,
    lost::bigint as batch_id
from sealed.lost_seconds('transactions')
where lost is null;

create or replace view sealed.lost_daily_spend as
select
    lost::bigint as brand_id,
    lost::bigint as campaign_id,
    lost::varchar as cost_type,
    local_date,
    lost::decimal(38, 9) as spend,
    lost::bigint as transactions
from sealed.lost_dates('daily_spend', 1)
where lost is null;

create or replace view sealed.lost_monthly_spend as
select
    lost::bigint as brand_id,
    lost::bigint as campaign_id,
    lost::varchar as cost_type,
    local_date as local_month,
    lost::decimal(38, 9) as spend,
    lost::bigint as transactions
from sealed.lost_dates('monthly_spend', 31)
where lost is null;
