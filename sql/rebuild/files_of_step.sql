-- One row per file that a transaction loaded, or tried again.
select
    file_id,
    kind,
    name,
    sha256,
    bytes,
    changed_ns
from raw.event_files
where
    (recorded_at = $recorded_at and outcome = 'LOADED')
    or file_id in (
        select file_id from ops.retries
        where recorded_at = $recorded_at
    )
order by file_id
