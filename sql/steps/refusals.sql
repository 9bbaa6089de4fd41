-- Arrived rows that are refused, with their text as delivered.

-- name: refusals
-- One row per arrived row that is refused, with the reason; its text as delivered is added afterwards.
create or replace temp table refusals as
select
    file_id,
    line_number,
    fault as reason
from arrived_events
where fault is not null
union all
select
    file_id,
    line_number,
    conflict as reason
from repeated_events
where conflict is not null
union all
select
    file_id,
    line_number,
    fault as reason
from arrived_payments
where fault is not null
union all
select
    file_id,
    line_number,
    conflict as reason
from repeated_payments
where conflict is not null
union all
select
    file_id,
    line_number,
    fault as reason
from arrived_corrections
where fault is not null
union all
select
    file_id,
    line_number,
    conflict as reason
from repeated_corrections
where conflict is not null;

-- name: files
-- One row per file with refused rows.
select distinct file_id
from refusals
order by file_id;

-- name: lines
-- One row per line to be fetched as delivered, in order.
select line_number
from refusals
where file_id = $file_id
order by line_number;

-- name: texts
-- One row per refused line as it was delivered.
create or replace temp table refused_texts (file_id bigint, line_number bigint, raw varchar);

-- name: add_texts
-- Refused lines, fetched from their file and handed over as Arrow.
insert into refused_texts by name
select * from some_texts;
