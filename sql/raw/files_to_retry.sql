-- One row per file with refused rows whose reason and name contain what is given.
select
    file_id,
    kind,
    name,
    sha256,
    bytes,
    changed_ns
from raw.event_files
where
    contains(name, $name)
    and file_id in (
        select file_id from raw.rejected_rows
        where contains(rejected_rows.reason, $reason)
    )
order by file_id
