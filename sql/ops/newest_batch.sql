-- One row: the newest batch, 0 when there is none.
select coalesce(max(batch_id), 0) as batch_id
from ops.batches
