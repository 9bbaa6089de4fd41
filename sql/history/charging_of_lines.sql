-- One row per event that was refused at first and loaded by a later reading of its file: the batch that charged it, and
-- when. Reads accepted_events, charging_of_files and charging_of_batches.
create or replace temporary view charging_of_lines as
select
    events.file_id * 10000000000 + events.line_number as transaction_id,
    batches.charge_batch_id,
    batches.charged_at
from accepted_events as events
inner join charging_of_files as files on events.file_id = files.file_id
inner join charging_of_batches as batches on events.batch_id = batches.batch_id
where events.batch_id <> files.batch_id;
