-- What has become of a file's refused rows: part of them is loaded or duplicate now.
update raw.event_files as file
set
    rows_loaded = file.rows_loaded + retry.rows_loaded,
    rows_duplicate = file.rows_duplicate + retry.rows_duplicate,
    rows_rejected = file.rows_rejected - retry.rows_loaded - retry.rows_duplicate
from ops.retries as retry
where file.file_id = $file_id and retry.file_id = $file_id and retry.recorded_at = $recorded_at
