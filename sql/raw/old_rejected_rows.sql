-- One row: how many refused rows are of files delivered before an instant.
select count(*) as refused
from raw.rejected_rows
semi join (
    select file_id
    from ops.delivered_files
    where recorded_at < $before
) as old using (file_id)
