-- One row per refused line of a delivered file.
create table if not exists raw.rejected_rows (
    file_id bigint not null,
    line_number bigint not null,
    raw varchar,
    reason varchar not null,
    recorded_at timestamptz not null
);
comment on table raw.rejected_rows is 'One row per refused line of a delivered file.';
comment on column raw.rejected_rows.raw is 'the line as delivered, cut at 4 KB';

-- name: add
-- One row per refused line of a delivered file.
insert into raw.rejected_rows
select
    refusals.file_id,
    refusals.line_number,
    refused_texts.raw,
    refusals.reason,
    $recorded_at::timestamptz as recorded_at
from refusals
left join refused_texts using (file_id, line_number)
order by refusals.file_id, refusals.line_number;

-- name: add_reference
-- One row per refused row of a reference file.
insert into raw.rejected_rows
select
    $file_id as file_id,
    line_number,
    raw,
    reason,
    $recorded_at::timestamptz as recorded_at
from refused_rows
order by line_number;

-- name: remove_of_file
-- Make room for another try at the same file: what is still refused is listed again.
delete from raw.rejected_rows
where file_id = $file_id;

-- name: remove_old
-- Refused rows of files delivered before an instant have been kept long enough; the counts of the files stay.
delete from raw.rejected_rows
where file_id in (
    select file_id from ops.delivered_files
    where recorded_at < $before
);

-- name: count_old
-- One row: how many refused rows are of files delivered before an instant.
select count(*) as refused
from raw.rejected_rows
semi join (
    select file_id
    from ops.delivered_files
    where recorded_at < $before
) as old using (file_id);
