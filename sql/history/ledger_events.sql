-- One row per event that the ledger has, of the files whose events are taken from it. Reads ledger_rows and
-- known_files.
create or replace temporary view ledger_events as
select
    ledger_rows.event_id,
    ledger_rows.ad_id,
    ledger_rows.event_type,
    ledger_rows.occurred_at,
    ledger_rows.file_id,
    ledger_rows.line_number,
    ledger_rows.batch_id as arrival
from ledger_rows
inner join known_files on ledger_rows.file_id = known_files.file_id;
