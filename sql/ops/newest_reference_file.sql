-- The newest file of a reference table: what it was, and whether rows of it may load now
-- that a parent has come, or that somebody wants them tried again.
with newest as (
    select case when outcome <> 'QUARANTINED' then sha256 end as sha256 -- nothing is a duplicate of what was refused
    from ops.reference_files
    where kind = $kind
    order by file_id desc
    limit 1
),

loaded as (
    select *
    from ops.reference_files
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
            loaded.batch_id < (
                select max(batch_id) from core.reference_rows
                where table_name = $parent
            )
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
left join loaded on true
