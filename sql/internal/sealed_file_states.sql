-- One row per sealed file that has been verified: what was found.
create table if not exists internal.sealed_file_states (
    name varchar not null,
    state varchar not null,
    bytes bigint not null,
    changed_ns bigint not null,
    verified_at timestamptz not null
);
comment on table internal.sealed_file_states is 'One row per sealed file that has been verified: what was found.';
comment on column internal.sealed_file_states.state is 'WHOLE, DAMAGED (its bytes are not what was sealed) or MISSING';
comment on column internal.sealed_file_states.changed_ns is 'last change of the file then: while it stays, the bytes are not read again but in their turn';
comment on column internal.sealed_file_states.verified_at is 'when all its bytes were held against its hash, or it was found missing';

create or replace view internal.unreadable_sealed_files as
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
inner join internal.sealed_file_states as states using (name)
where states.state <> 'WHOLE';
comment on view internal.unreadable_sealed_files is 'One row per sealed file that is damaged or missing, and what to do.';

-- What stands for the rows of such a file. Its rows cannot be left out without a word: sums would be wrong. So each of
-- these views has a row for every second of the lost day, or for the lost date, all other columns of which raise an
-- error when they are looked at. A query about other days drops them by its filter on the day before it looks at
-- anything else; any other query ends with the error, which says what to do. A run that joins, and knows which days it
-- needs, says so in a variable (steps.sealing, days_needed).
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
        from internal.unreadable_sealed_files as files
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
        from internal.unreadable_sealed_files as files
        where
            files.table_name = of_table
            -- a local date begins and ends within a day of the UTC date
            and sealed.is_needed(
                make_timestamptz(epoch_us(files.day - 1)),
                make_timestamptz(epoch_us(files.day + days_in_it::integer + 1))
            )
    ) as dates;

-- name: record
-- One row per sealed file that has been verified: what was found. Reads files_verified.
merge into internal.sealed_file_states as states
using files_verified as found
    on states.name = found.name
when matched then
    update set
        state = found.state,
        bytes = found.bytes,
        changed_ns = found.changed_ns,
        verified_at = found.verified_at
when not matched then
    insert (name, state, bytes, changed_ns, verified_at)
    values (found.name, found.state, found.bytes, found.changed_ns, found.verified_at);

-- name: remove
-- What was found of them.
delete from internal.sealed_file_states
where name in $names;

-- name: lost_days
-- One row per UTC day of which the ledger has lost events or transactions.
select distinct day
from internal.unreadable_sealed_files
where table_name in ('ad_events', 'transactions')
order by day;
