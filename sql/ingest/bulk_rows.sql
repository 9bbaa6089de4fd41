-- One row: how many rows of a file were read in bulk, and the places of the first and the last.
select
    count(*) as rows,
    min(rowid) as first_place,
    max(rowid) as last_place
from bulk_events
where file_id = $file_id
