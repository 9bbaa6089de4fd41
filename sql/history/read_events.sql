-- One row per sound event of a delivered file, with the batch it arrived with. Reads arrived_rows (what the workers
-- read), readings, and known_conflicts (refused for what a file says that is not read).
create or replace temporary view read_events as
select
    rows_read.event_id,
    rows_read.ad_id,
    rows_read.event_type,
    rows_read.occurred_at,
    rows_read.file_id,
    rows_read.line_number,
    rows_read.reading,
    readings.batch_id as arrival
from arrived_rows as rows_read
inner join readings on rows_read.file_id = readings.file_id and rows_read.reading = readings.reading
left join known_conflicts
    on rows_read.file_id = known_conflicts.file_id and rows_read.line_number = known_conflicts.line_number
where rows_read.facts is null and rows_read.fault is null and known_conflicts.file_id is null;
