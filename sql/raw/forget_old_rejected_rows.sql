-- Refused rows of files delivered before an instant have been kept long enough; the counts of the files stay.
delete from raw.rejected_rows
where file_id in (
    select file_id from ops.delivered_files
    where recorded_at < $before
)
