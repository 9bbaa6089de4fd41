-- One row per immutable Parquet file that holds rows of one table and day; a later one of the same day holds what came
-- late.
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
comment on column ops.sealed_files.spend is 'sum of the costs and corrections in it; null for events';
comment on column ops.sealed_files.transactions is 'how many costs that are; null for events';
comment on column ops.sealed_files.sha256 is 'of its bytes; null: sealed by an earlier version and not verified since';

-- The data root in which this file was written. Filled in by sealed_tables.py.
create macro if not exists sealed.written_in() as '';

-- The sealed files lie beside the database wherever the data root has been moved, and DuckDB's own folder for spilling
-- tells where that is, if this is the database in use. One that is attached to another, or copied away by itself, looks
-- for them where they were when it was written. Who has them elsewhere says so, as spendgate itself does: set variable
-- spendgate_data = '/path/to/data'
-- No folder may have a name that DuckDB takes for a pattern: it would read the files of the folders beside it, too. To
-- write such characters as themselves helps only until it copies a plan, for which it looks the files up again.
create or replace macro sealed.folder() as
coalesce(
    getvariable('spendgate_data') || '/sealed/',
    case
        when
            regexp_matches(
                current_setting('temp_directory'), '(^|/)(warehouse/warehouse|published/spend).duckdb(.tmp)?$'
            )
            then regexp_replace(current_setting('temp_directory'), '[^/]*$', '../sealed/')
    end,
    sealed.written_in() || '/sealed/'
);

create or replace macro sealed.path(name) as
case
    when regexp_matches(sealed.folder(), '[*?\[]')
        then error('DuckDB takes *, ? and [ for a pattern: rename the folder ' || sealed.folder())
    else sealed.folder() || name
end;

-- The first of the files to be read. When it is not there DuckDB says what it looked for, and nothing else: so its last
-- letter is a pattern, whose other letters are what to do. Not where it was said where they are, as in each of a
-- run's statements: for a pattern the folder is listed, and a backslash in its name would hide the next letter.
create or replace macro sealed.first_path(name) as
regexp_replace(
    sealed.path(name),
    't$',
    case
        when getvariable('spendgate_data') is null and not contains(sealed.folder(), '\')
            then
                '[t: the sealed days are not there. Say where the folder data of spendgate lies: SET VARIABLE'
                || ' spendgate_data = its path; or take a file made by: spendgate export]'
        else 't'
    end
);

-- name: add
-- One row per immutable Parquet file that holds rows of one table and day. Reads sealed_now.
insert into ops.sealed_files
select
    table_name,
    day,
    name,
    rows,
    spend,
    transactions,
    $recorded_at::timestamptz as recorded_at,
    sha256,
    bytes
from sealed_now;

-- name: add_hashes
-- The hash of sealed files that had none yet. Reads files_verified.
update ops.sealed_files as files
set sha256 = found.sha256, bytes = found.bytes
from files_verified as found
where files.name = found.name and files.sha256 is null and found.state = 'WHOLE';

-- name: remove
-- Sealed files that were lost and have been made again.
delete from ops.sealed_files
where name in $names;

-- name: readable_of_table
-- Sealed files of one table that can be read, in order.
select files.name
from ops.sealed_files as files
left join internal.sealed_file_states as states using (name)
where files.table_name = $table_name and coalesce(states.state, 'WHOLE') = 'WHOLE'
order by files.day, files.recorded_at, files.name;

-- name: names_of_table
-- Sealed files of one table, readable or not: a reader of them must not miss one without a word.
select name
from ops.sealed_files
where table_name = $table_name
order by name;

-- name: to_verify
-- One row per sealed file: what it has to be, and what was found when it was verified last.
select
    files.name,
    files.table_name,
    files.day,
    files.rows,
    files.spend,
    files.transactions,
    files.sha256,
    coalesce(states.state, 'UNKNOWN') as state,
    states.bytes,
    states.changed_ns,
    states.verified_at
from ops.sealed_files as files
left join internal.sealed_file_states as states using (name)
order by states.verified_at nulls first, files.day, files.name;

-- name: lost_on_day
-- One row per table that has lost sealed files of a day: which, and what they held together.
select
    files.table_name,
    list(files.name order by files.name) as names,
    sum(files.rows)::bigint as rows,
    sum(files.spend) as spend,
    sum(files.transactions)::bigint as transactions
from internal.unreadable_sealed_files as lost
inner join ops.sealed_files as files using (name)
where lost.day = $day
group by files.table_name
order by files.table_name;

-- name: hashes
-- Every sealed file of the warehouse, and its hash.
select
    name,
    sha256
from ops.sealed_files
order by name;

-- name: names
-- Every sealed file that belongs to the warehouse.
select name from ops.sealed_files;

-- name: newest_day
-- Newest day or month of one table of which something is sealed.
select max(day) from ops.sealed_files
where table_name = $table_name;

-- name: row_count
-- How many rows of a table are sealed.
select coalesce(sum(rows), 0) from ops.sealed_files
where table_name = $table_name;

-- name: written_in
-- One row: the data root in which this file was written.
select sealed.written_in() as folder;

-- name: count
-- One row: how many sealed files the warehouse has.
select count(*) as sealed_files
from ops.sealed_files;
