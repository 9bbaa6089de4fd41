-- Refused rows, as `spendgate rejects` shows them.

-- name: count
-- One row: how many refused rows are listed.
select count(*) as refused
from raw.rejected_rows
inner join ops.delivered_files as files using (file_id)
where contains(files.name, $name) and contains(rejected_rows.reason, $reason);

-- name: newest
-- One row per refused row of a delivered file, the newest first, for people.
select
    files.name as file,
    rejected_rows.line_number as line,
    rejected_rows.reason,
    left(rejected_rows.raw, 100) as row
from raw.rejected_rows
inner join ops.delivered_files as files using (file_id)
where contains(files.name, $name) and contains(rejected_rows.reason, $reason)
order by rejected_rows.file_id desc, rejected_rows.line_number asc
limit $at_most;

-- name: all
-- One row per refused row of a delivered file, for scripts.
select
    files.name as file,
    rejected_rows.*
from raw.rejected_rows
inner join ops.delivered_files as files using (file_id)
where contains(files.name, $name) and contains(rejected_rows.reason, $reason)
order by rejected_rows.file_id, rejected_rows.line_number;
