-- What a reader on an engine's worker hands over of one delivered file.

-- name: none_refused
-- Before the first reading of a file.
create or replace temp table refused_before (line_number bigint);

-- name: refusals
-- One row per arrived row that is refused by itself; what it repeats is found later, among all files. A later reading
-- is for what was refused before. Reads refused_before.
create or replace temp table refusals as
select
    file_id,
    line_number,
    fault as reason
from arrived_events
where fault is not null and ($reading = 0 or line_number in (select line_number from refused_before));

-- name: rows
-- One row per arrived row, as the first reading of its file has it; of later ones only what was refused before, and of
-- the last one what is refused for good. Reads refused_before.
select
    arrived_events.file_id,
    $reading::integer as reading,
    arrived_events.line_number,
    arrived_events.event_id,
    arrived_events.ad_id,
    arrived_events.event_type::varchar as event_type,
    arrived_events.occurred_at,
    arrived_events.fault,
    refused_texts.raw,
    null::varchar as facts
from arrived_events
left join refused_texts using (file_id, line_number)
where
    (arrived_events.fault is null or $is_last)
    and ($reading = 0 or arrived_events.line_number in (select line_number from refused_before));

-- name: refused_before
-- One row per line that a reading has refused, for the next one.
create or replace temp table refused_before as
select line_number
from refusals;

-- name: rows_read
-- One row: how many rows a file has.
select count(*) as rows_read
from arrived_events;
