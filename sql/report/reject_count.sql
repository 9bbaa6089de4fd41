-- One row: how many refused rows are listed.
select count(*) as refused
from raw.rejected_rows
inner join ops.delivered_files as files using (file_id)
where contains(files.name, $name) and contains(rejected_rows.reason, $reason)
