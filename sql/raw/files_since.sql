-- One row per file recorded after a given one, with what became of it.
select
    name,
    outcome,
    reason,
    rows_read,
    rows_loaded,
    rows_duplicate,
    rows_rejected
from raw.event_files
where file_id > $file_id
order by file_id
