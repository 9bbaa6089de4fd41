-- One row per delivered file; read = loaded + duplicate + rejected.
insert into raw.event_files
with arrived as (
    select
        file_id,
        count(*) as rows_read
    from (
        select file_id from arrived_events
        union all
        select file_id from arrived_payments
    ) as rows_of_both
    group by file_id
),

repeated as (
    select
        file_id,
        count(*) as rows_duplicate
    from (
        select file_id from repeated_events
        where conflict is null
        union all
        select file_id from repeated_payments
        where conflict is null
    ) as rows_of_both
    group by file_id
),

refused as (
    select
        file_id,
        count(*) as rows_rejected
    from refusals
    group by file_id
)

select
    batch_files.file_id,
    batch_files.kind,
    batch_files.name,
    batch_files.sha256,
    batch_files.bytes,
    batch_files.changed_ns,
    batch_files.outcome,
    batch_files.reason,
    batch_files.ignored_columns,
    coalesce(rows_read, 0) as rows_read,
    coalesce(rows_read, 0) - coalesce(rows_duplicate, 0) - coalesce(rows_rejected, 0) as rows_loaded,
    coalesce(rows_duplicate, 0) as rows_duplicate,
    coalesce(rows_rejected, 0) as rows_rejected,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at,
    $read_at::timestamptz as read_at,
    batch_files.ignored_more
from batch_files
left join arrived using (file_id)
left join repeated using (file_id)
left join refused using (file_id)
order by batch_files.file_id
