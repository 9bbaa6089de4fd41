-- One row per batch up to the one of the step. Reads kept_batches.
insert into ops.batches
select *
from kept_batches
where batch_id <= $batch_id and batch_id > (select coalesce(max(batch_id), 0) from ops.batches)
