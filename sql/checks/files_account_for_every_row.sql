-- Files whose rows are not all loaded, duplicate or rejected, or, of the newest batch, are not in the tables.
with newest as (
    select file_id
    from raw.event_files
    where batch_id = (select max(batch_id) from internal.batches)
    union
    select file_id
    from internal.retries
    where batch_id = (select max(batch_id) from internal.batches)
),

accepted as (
    select
        file_id,
        count(*) as accepted
    from (
        select file_id from internal.ad_events
        semi join newest using (file_id)
        union all
        select file_id from sealed.ad_events() -- rows of an older file that were tried again
        semi join newest using (file_id)
        union all
        select file_id from raw.payments
        semi join newest using (file_id)
        union all
        select file_id from raw.corrections
        semi join newest using (file_id)
    ) as rows_of_both
    group by file_id
),

refused as (
    select
        file_id,
        count(*) as refused
    from raw.rejected_rows
    semi join newest using (file_id)
    group by file_id
)

select
    files.name,
    files.rows_read,
    files.rows_loaded,
    files.rows_duplicate,
    files.rows_rejected,
    coalesce(accepted.accepted, 0) as accepted,
    coalesce(refused.refused, 0) as refused
from ops.delivered_files as files
left join newest using (file_id)
left join accepted using (file_id)
left join refused using (file_id)
where
    files.rows_read <> files.rows_loaded + files.rows_duplicate + files.rows_rejected
    or (
        newest.file_id is not null
        and (coalesce(accepted.accepted, 0), coalesce(refused.refused, 0)) <> (files.rows_loaded, files.rows_rejected)
    )
