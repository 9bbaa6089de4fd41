-- One row per delivered reference file; read = loaded + duplicate + rejected.
create table if not exists internal.reference_files (
    file_id bigint not null,
    kind varchar not null,
    name varchar not null,
    sha256 varchar,
    bytes bigint not null,
    changed_ns bigint not null,
    outcome varchar not null,
    reason varchar,
    rows_read bigint not null,
    rows_loaded bigint not null,
    rows_duplicate bigint not null,
    rows_rejected bigint not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.reference_files is 'One row per delivered reference file; read = loaded + duplicate + rejected.';
comment on column internal.reference_files.kind is 'the reference table it carries';
comment on column internal.reference_files.rows_loaded is 'rows that opened a version';
comment on column internal.reference_files.rows_duplicate is 'rows as they were before';

-- name: record
-- One row: the delivered reference file and what became of its rows.
insert into internal.reference_files
select
    $file_id as file_id,
    $kind as kind,
    $name as name,
    $sha256 as sha256,
    $bytes as bytes,
    $changed_ns as changed_ns,
    $outcome as outcome,
    $reason as reason,
    $rows_loaded::bigint + $rows_duplicate::bigint + $rows_rejected::bigint as rows_read,
    $rows_loaded as rows_loaded,
    $rows_duplicate as rows_duplicate,
    $rows_rejected as rows_rejected,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at;

-- name: remove
-- Make room for another try at the same file: its ledger row is rewritten.
delete from internal.reference_files
where file_id = $file_id;

-- name: newest
-- The newest file of a reference table: what it was, and whether rows of it may load now
-- that a parent has come, or that somebody wants them tried again.
with newest as (
    select case when outcome <> 'QUARANTINED' then sha256 end as sha256 -- nothing is a duplicate of what was refused
    from internal.reference_files
    where kind = $kind
    order by file_id desc
    limit 1
),

loaded as (
    select *
    from internal.reference_files
    where kind = $kind and outcome = 'LOADED'
    order by file_id desc
    limit 1
)

select
    newest.sha256,
    loaded.file_id as loaded_file_id,
    coalesce(
        newest.sha256 = loaded.sha256
        and loaded.rows_rejected > 0
        and (
            loaded.batch_id < $parents_batch
            or (
                contains(loaded.name, $retried_name)
                and loaded.file_id in (
                    select file_id from raw.rejected_rows
                    where contains(rejected_rows.reason, $retried_reason)
                )
            )
        ),
        false
    ) as deserves_another_try
from newest
left join loaded on true;
