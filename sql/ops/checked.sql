-- One row: the newest batch that a check has passed with, the newest that the marts contain, and the newest there is.
select
    coalesce(max(batch_id) filter (where table_name = $check_name), 0) as checked,
    coalesce(max(batch_id) filter (where table_name = 'mart'), 0) as summed,
    (select coalesce(max(batch_id), 0) from ops.batches) as newest
from ops.watermarks
