-- One row per run that brought something new. A run that asks again keeps the batch it has.
insert into ops.batches
with newest as (
    select
        coalesce(max(batch_id), 0) as batch_id,
        arg_max(run_id, batch_id) as run_id
    from ops.batches
)

select
    batch_id + 1 as batch_id,
    $run_id as run_id,
    $recorded_at::timestamptz as recorded_at
from newest
where run_id is distinct from $run_id
