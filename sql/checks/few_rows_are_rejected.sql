-- Files of the newest batch more than one in twenty of whose rows were refused.
select
    name,
    rows_read,
    rows_rejected,
    (100 * rows_rejected) // rows_read as percent
from raw.event_files
where batch_id = (select max(batch_id) from ops.batches) and rows_rejected * 20 > rows_read
