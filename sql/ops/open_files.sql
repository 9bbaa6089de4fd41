-- One row per delivered file that was refused, whole or more than one in twenty of its rows, and is neither mended nor
-- acknowledged.
create or replace view ops.open_files as
with mostly_refused as (
    select *
    from ops.delivered_files
    where
        outcome = 'LOADED'
        and rows_rejected * 20 > rows_read
        -- of a reference table only the file in force counts
        and (
            kind in ('events', 'payments', 'corrections')
            or file_id in (
                select arg_max(file_id, recorded_at)
                from internal.reference_files
                where outcome = 'LOADED'
                group by kind
            )
        )
)

select
    file_id,
    kind,
    name,
    outcome,
    reason,
    rows_read,
    rows_rejected,
    recorded_at,
    'deliver it again otherwise, remove it, or: spendgate acknowledge file ' || ops.as_argument(name)
    || ' --reason "..."' as remedy
from internal.refused_files
where
    file_id not in (select file_id from internal.refused_files_gone)
    and file_id not in (
        select file_id from internal.acknowledgements
        where table_name is null
    )
union all
select
    file_id,
    kind,
    name,
    outcome,
    format('{} of {} rows are refused', rows_rejected, rows_read) as reason,
    rows_read,
    rows_rejected,
    recorded_at,
    'once the cause is mended: spendgate rejects retry --file ' || ops.as_argument(name)
    || ', or: spendgate acknowledge file ' || ops.as_argument(name) || ' --reason "..."' as remedy
from mostly_refused
where
    file_id not in (
        select file_id from internal.acknowledgements
        where table_name is null
    );
comment on view ops.open_files is 'One row per delivered file that was refused, whole or more than one in twenty of its rows, and is neither mended nor acknowledged.';
comment on column ops.open_files.outcome is 'QUARANTINED: refused whole; LOADED: part of its rows';
comment on column ops.open_files.remedy is 'what to do';

-- name: list
-- One row per delivered file that is open, the newest first.
select
    file_id,
    name
from ops.open_files
order by file_id desc;
